# XEP-0077: an account is made before login, its password changed, and it is removed by its user

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret
	account: none

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo opens a stream

Romeo sends:
	<iq type='get' id='g1'><query xmlns='jabber:iq:register'/></iq>

Romeo receives:
	<iq type='result' id='g1'>
		<query xmlns='jabber:iq:register'>{more}<username/><password/></query>
	</iq>

Romeo sends:
	<iq type='set' id='g2'><query xmlns='jabber:iq:register'><username>{user:Romeo}</username></query></iq>

Romeo receives:
	<iq type='error' id='g2'>
		<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='g3'><query xmlns='jabber:iq:register'><username>{user:Romeo}</username><password>secret</password></query></iq>

Romeo receives:
	<iq type='result' id='g3'/>

Romeo sends:
	<iq type='set' id='g4'><query xmlns='jabber:iq:register'><username>{user:Romeo}</username><password>other</password></query></iq>

Romeo receives:
	<iq type='error' id='g4'>
		<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo logs in

Romeo sends:
	<iq type='get' id='g5'><query xmlns='jabber:iq:register'/></iq>

Romeo receives:
	<iq type='result' id='g5' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:register'><registered/>{more}<username>{user:Romeo}</username><password/></query>
	</iq>

# another's account is another's
Romeo sends:
	<iq type='set' id='g6'><query xmlns='jabber:iq:register'><username>{user:Juliet}</username><password>stolen</password></query></iq>

Romeo receives:
	<iq type='error' id='g6' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

# a new password, and back to the one of the story
Romeo sends:
	<iq type='set' id='g7' to='localhost'><query xmlns='jabber:iq:register'><username>{user:Romeo}</username><password>pass2</password></query></iq>

Romeo receives:
	<iq type='result' id='g7' from='localhost' to='romeo@localhost/orchard'/>

Romeo disconnects

Romeo opens a stream

Romeo sends:
	<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain:Romeo}</auth>

Romeo receives:
	<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/>{more}</failure>

Romeo disconnects
