# RFC 6121 §2.3.3, §2.5.3: what is wrong with a roster set is said, and nothing is changed

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r1' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster'/></iq>

Romeo sends:
	<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='a@localhost'/><item jid='b@localhost'/></query></iq>

Romeo receives:
	<iq type='error' id='r2' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='r3'><query xmlns='jabber:iq:roster'><item jid='a@localhost'><group>G</group><group>G</group></item></query></iq>

Romeo receives:
	<iq type='error' id='r3' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='r4'><query xmlns='jabber:iq:roster'><item jid='a@localhost'><group/></item></query></iq>

Romeo receives:
	<iq type='error' id='r4' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='r5'><query xmlns='jabber:iq:roster'><item jid='@@'/></query></iq>

Romeo receives:
	<iq type='error' id='r5' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='r6'><query xmlns='jabber:iq:roster'><item jid='a@localhost' subscription='remove'/></query></iq>

Romeo receives:
	<iq type='error' id='r6' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>

Romeo sends:
	<iq type='set' id='r7'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost'/></query></iq>

Romeo receives:
	<iq type='error' id='r7' from='romeo@localhost' to='romeo@localhost/orchard'>
		<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>
