# RFC 6120 §8.3.1, 6121 §8.5: an error is delivered to a full JID, dropped at a bare one, never answered, never kept;
# a message to nobody's address comes back

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
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

Romeo sends:
	<message to='juliet@localhost/balcony' type='error' id='e1'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony' type='error' id='e1'>
		<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</message>

Romeo sends:
	<message to='juliet@localhost' type='error' id='e2'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
	<message to='tybalt@localhost' type='error' id='e3'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
	<message to='unknown.example' type='error' id='e4'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>

Romeo receives nothing

Romeo sends:
	<message to='tybalt@localhost' type='chat' id='e5'><body>villain</body></message>

Romeo receives:
	<message from='tybalt@localhost' to='romeo@localhost/orchard' type='error' id='e5'>
		<body>villain</body>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</message>

Romeo sends:
	<message to='tybalt@unknown.example' type='chat' id='e6'><body>villain</body></message>

Romeo receives:
	<message from='tybalt@unknown.example' to='romeo@localhost/orchard' type='error' id='e6'>
		<body>villain</body>
		<error type='{any}'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</message>
