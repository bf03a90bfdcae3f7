# RFC 6121 §4.6: directed presence goes where it is sent; who got it hears of the end, once, and of nothing between;
# an error takes the receiver off the list

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Component] Verona
	domain: c1.test

-----

Verona connects

Romeo connects

Romeo sends:
	<presence to='room@c1.test/romeo'><status>in</status></presence>
	<presence to='other@c1.test'/>
	<presence to='broken@c1.test'/>

Verona receives:
	<presence from='romeo@localhost/orchard' to='room@c1.test/romeo'><status>in</status></presence>
	<presence from='romeo@localhost/orchard' to='other@c1.test'/>
	<presence from='romeo@localhost/orchard' to='broken@c1.test'/>

Verona sends:
	<presence type='error' from='broken@c1.test' to='romeo@localhost/orchard'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>

Romeo receives:
	<presence type='error' from='broken@c1.test' to='romeo@localhost/orchard'>
		<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</presence>

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Romeo sends:
	<presence type='unavailable' to='other@c1.test'/>

Verona receives:
	<presence type='unavailable' from='romeo@localhost/orchard' to='other@c1.test'/>

Romeo disconnects

Verona receives:
	<presence type='unavailable' from='romeo@localhost/orchard' to='room@c1.test/romeo'/>

Verona receives nothing
