# XEP-0160, 0203: messages for who is away are kept, stamped with the time they came, and handed over in order at
# the first presence; what is not written by a person is not kept

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Romeo sends:
	<message to='juliet@localhost' type='chat' id='o1'><body>first</body></message>
	<message to='juliet@localhost' id='o2'><subject>second</subject><body>line</body></message>
	<message to='juliet@localhost' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
	<message to='juliet@localhost' type='headline'><body>news</body></message>

Romeo receives nothing

Romeo sends:
	<message to='juliet@localhost' type='groupchat' id='o3'><body>room</body></message>

Romeo receives:
	<message from='juliet@localhost' to='romeo@localhost/orchard' type='error' id='o3'>
		<body>room</body>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</message>

Romeo disconnects

Juliet connects

Juliet receives nothing

Juliet sends:
	<presence/>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat' id='o1'>
		<body>first</body>
		<delay xmlns='urn:xmpp:delay' from='localhost' stamp='{any}'>{any}</delay>
	</message>
	<message from='romeo@localhost/orchard' to='juliet@localhost' id='o2'>
		<subject>second</subject>
		<body>line</body>
		<delay xmlns='urn:xmpp:delay' from='localhost' stamp='{any}'>{any}</delay>
	</message>
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

Juliet disconnects

# they come once
Juliet connects

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>
