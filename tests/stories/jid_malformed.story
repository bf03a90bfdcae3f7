# RFC 6120 §8.3.3.8: a stanza to no possible address comes back; results and errors do not; the stream goes on

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<message to='a@b@c' id='m1'><body>hi</body></message>

Romeo receives:
	<message type='error' id='m1' from='a@b@c'>
		<error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</message>

Romeo sends:
	<message to='@' type='error'/>
	<iq to='@' type='result' id='q1'/>

Romeo receives nothing
