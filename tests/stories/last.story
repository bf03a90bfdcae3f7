# XEP-0012: the server's uptime for all; a user's idle time for those who may see the user, 0 while one is there

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Juliet connects

Romeo sends:
	<iq type='get' id='l1' to='localhost'><query xmlns='jabber:iq:last'/></iq>

Romeo receives:
	<iq type='result' id='l1' from='localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:last' seconds='{any}'/></iq>

Romeo sends:
	<iq type='get' id='l2' to='juliet@localhost'><query xmlns='jabber:iq:last'/></iq>

Romeo receives:
	<iq type='error' id='l2' from='juliet@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:last'/>
		<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

Juliet sends:
	<iq type='get' id='l3' to='juliet@localhost'><query xmlns='jabber:iq:last'/></iq>

Juliet receives:
	<iq type='result' id='l3' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:last' seconds='0'/></iq>

Juliet sends:
	<presence type='unavailable'><status>to bed</status></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost' type='unavailable'><status>to bed</status></presence>

Juliet sends:
	<iq type='get' id='l4'><query xmlns='jabber:iq:last'/></iq>

Juliet receives:
	<iq type='result' id='l4' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:last' seconds='{any}'>to bed</query></iq>
