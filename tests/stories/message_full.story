# RFC 6121 §8.5.3: a message to a full JID goes there whatever its priority; chat to a resource that is gone goes
# where one to the bare JID would go, normal and groupchat come back, headline and error are dropped

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

[Client] Phone
	jid: juliet@localhost/chamber
	password: secret

-----

Romeo connects

Juliet connects

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

# connected, but not available: a full JID reaches it
Phone connects

Romeo sends:
	<message to='juliet@localhost/chamber' id='m1'><body>hi</body><x xmlns='urn:example:x' a='&lt;&apos;'><y>&amp;</y></x></message>

Phone receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/chamber' id='m1'>
		<body>hi</body>
		<x xmlns='urn:example:x' a="&lt;'"><y>&amp;</y></x>
	</message>

Romeo sends:
	<message to='juliet@localhost/tomb' type='chat' id='m2'><body>chat</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/tomb' type='chat' id='m2'><body>chat</body></message>

Romeo sends:
	<message to='juliet@localhost/tomb' type='normal' id='m3'><body>normal</body></message>

Romeo receives:
	<message from='juliet@localhost/tomb' to='romeo@localhost/orchard' type='error' id='m3'>
		<body>normal</body>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</message>

Romeo sends:
	<message to='juliet@localhost/tomb' type='groupchat' id='m4'><body>room</body></message>

Romeo receives:
	<message from='juliet@localhost/tomb' to='romeo@localhost/orchard' type='error' id='m4'>
		<body>room</body>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</message>

Romeo sends:
	<message to='juliet@localhost/tomb' type='headline' id='m5'><body>news</body></message>
	<message to='juliet@localhost/tomb' type='error' id='m6'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>

Romeo receives nothing
