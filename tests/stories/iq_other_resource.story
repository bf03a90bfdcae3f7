# RFC 6121 §8.5.3: requests to another's full JID are that client's business, also when the server could answer them;
# answers find their way back

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
	<iq type='get' id='v1' to='juliet@localhost/balcony'><query xmlns='jabber:iq:version'/></iq>

Juliet receives:
	<iq type='get' id='v1' from='romeo@localhost/orchard' to='juliet@localhost/balcony'><query xmlns='jabber:iq:version'/></iq>

Juliet sends:
	<iq type='error' id='v1' to='romeo@localhost/orchard'><error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>

Romeo receives:
	<iq type='error' id='v1' from='juliet@localhost/balcony' to='romeo@localhost/orchard'>
		<error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Juliet disconnects

Romeo sends:
	<iq type='set' id='v2' to='juliet@localhost/balcony'><query xmlns='urn:example:x'/></iq>

Romeo receives:
	<iq type='error' id='v2' from='juliet@localhost/balcony' to='romeo@localhost/orchard'>
		<query xmlns='urn:example:x'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>
