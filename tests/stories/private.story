# XEP-0049: XML kept by element and namespace, for its owner only

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
	<iq type='get' id='p1'><query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'/></query></iq>

Romeo receives:
	<iq type='result' id='p1' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'/></query>
	</iq>

Romeo sends:
	<iq type='set' id='p2'><query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'><n>one</n></notes></query></iq>

Romeo receives:
	<iq type='result' id='p2' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='get' id='p3'><query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'/></query></iq>

Romeo receives:
	<iq type='result' id='p3' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'><n>one</n></notes></query>
	</iq>

Juliet sends:
	<iq type='get' id='p4' to='romeo@localhost'><query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'/></query></iq>

Juliet receives:
	<iq type='error' id='p4' from='romeo@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'/></query>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='set' id='p5'><query xmlns='jabber:iq:private'/></iq>

Romeo receives:
	<iq type='error' id='p5' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:private'/>
		<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</iq>
