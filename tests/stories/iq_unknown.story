# RFC 6120 §8.2.3, §8.3.3: every request gets an answer; results and errors get none

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='q1'><query xmlns='urn:example:nobody-knows'/></iq>

Romeo receives:
	<iq type='error' id='q1' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='urn:example:nobody-knows'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='set' id='q2' to='localhost'><query xmlns='urn:example:nobody-knows'/></iq>

Romeo receives:
	<iq type='error' id='q2' from='localhost' to='romeo@localhost/orchard'>
		<query xmlns='urn:example:nobody-knows'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

# to another's account the server answers for the account, there or not
Romeo sends:
	<iq type='get' id='q3' to='juliet@localhost'><query xmlns='urn:example:nobody-knows'/></iq>

Romeo receives:
	<iq type='error' id='q3' from='juliet@localhost' to='romeo@localhost/orchard'>
		<query xmlns='urn:example:nobody-knows'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='get' id='q4' to='tybalt@localhost'><query xmlns='urn:example:nobody-knows'/></iq>

Romeo receives:
	<iq type='error' id='q4' from='tybalt@localhost' to='romeo@localhost/orchard'>
		<query xmlns='urn:example:nobody-knows'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='result' id='q5' to='localhost'/>
	<iq type='error' id='q6' to='juliet@localhost'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>

Romeo receives nothing

# not one child, or an unknown type: bad-request
Romeo sends:
	<iq type='get' id='q7'/>

Romeo receives:
	<iq type='error' id='q7' to='romeo@localhost/orchard'>
		<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</iq>

Romeo sends:
	<iq type='ask' id='q8'><query xmlns='urn:example:nobody-knows'/></iq>

Romeo receives:
	<iq type='error' id='q8' to='romeo@localhost/orchard'>
		<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
		{more}
	</iq>
