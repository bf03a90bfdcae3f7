# XEP-0077 §3.2: the account ends with its subscriptions and its streams; contacts are told

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Juliet connects

Juliet sends:
	<iq type='get' id='j1'><query xmlns='jabber:iq:roster'/></iq>

Juliet receives:
	<iq type='result' id='j1' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:roster'/></iq>

Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='none' approved='true'/></query>
	</iq>

Romeo sends:
	<presence type='subscribe' to='juliet@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from' approved='true'/></query>
	</iq>

Romeo sends:
	<iq type='set' id='g1'><query xmlns='jabber:iq:register'><remove/></query></iq>

Juliet receives:
	<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='none' approved='true'/></query>
	</iq>

Romeo receives:
	<iq type='result' id='g1' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo is closed: not-authorized

Juliet sends:
	<message to='romeo@localhost' type='chat' id='m1'><body>are you there?</body></message>

Juliet receives:
	<message type='error' from='romeo@localhost' to='juliet@localhost/balcony' id='m1'>
		<body>are you there?</body>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</message>
