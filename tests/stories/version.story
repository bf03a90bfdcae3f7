# XEP-0092

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='v1' to='localhost'><query xmlns='jabber:iq:version'/></iq>

Romeo receives:
	<iq type='result' id='v1' from='localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:version'>
			<name>xmppd</name>
			<version>{any}</version>
		</query>
	</iq>
