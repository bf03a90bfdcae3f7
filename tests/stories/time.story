# XEP-0202

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='t1' to='localhost'><time xmlns='urn:xmpp:time'/></iq>

Romeo receives:
	<iq type='result' id='t1' from='localhost' to='romeo@localhost/orchard'>
		<time xmlns='urn:xmpp:time'><tzo>{any}</tzo><utc>{any}</utc></time>
	</iq>
