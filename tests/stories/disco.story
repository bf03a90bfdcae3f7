# XEP-0030: what the server, and what an account, says of itself; strangers learn nothing of an account

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='d1' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>

Romeo receives:
	<iq type='result' id='d1' from='localhost' to='romeo@localhost/orchard'>
		<query xmlns='http://jabber.org/protocol/disco#info'>
			<identity category='server' type='im' name='xmppd'/>
			<feature var='http://jabber.org/protocol/disco#info'/>
			<feature var='http://jabber.org/protocol/disco#items'/>
			<feature var='urn:xmpp:ping'/>
			<feature var='jabber:iq:version'/>
			<feature var='urn:xmpp:time'/>
			<feature var='jabber:iq:last'/>
			<feature var='jabber:iq:register'/>
			<feature var='jabber:iq:private'/>
			<feature var='vcard-temp'/>
			<feature var='msgoffline'/>
			{more}
		</query>
	</iq>

Romeo sends:
	<iq type='get' id='d2' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>

Romeo receives:
	<iq type='result' id='d2' from='localhost' to='romeo@localhost/orchard'>
		<query xmlns='http://jabber.org/protocol/disco#items'><item jid='conference.localhost'/><item jid='pubsub.localhost'/></query>
	</iq>

Romeo sends:
	<iq type='get' id='d3' to='romeo@localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>

Romeo receives:
	<iq type='result' id='d3' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='http://jabber.org/protocol/disco#info'>
			<identity category='account' type='registered'/>
			{more}
		</query>
	</iq>

Romeo sends:
	<iq type='get' id='d4' to='juliet@localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>

Romeo receives:
	<iq type='error' id='d4' from='juliet@localhost' to='romeo@localhost/orchard'>
		<query xmlns='http://jabber.org/protocol/disco#info'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='get' id='d5' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='nothing'/></iq>

Romeo receives:
	<iq type='error' id='d5' from='localhost' to='romeo@localhost/orchard'>
		<query xmlns='http://jabber.org/protocol/disco#info' node='nothing'/>
		<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>
