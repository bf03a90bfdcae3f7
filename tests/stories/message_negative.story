# RFC 6121 §8.5.2.1: a resource of negative priority gets nothing that is sent to the bare JID; what is sent
# meanwhile is kept, and comes when the priority is raised

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
	<presence><priority>-1</priority></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><priority>-1</priority></presence>

Romeo sends:
	<message to='juliet@localhost' type='headline'><body>news</body></message>
	<message to='juliet@localhost' type='chat' id='m1'><body>are you there?</body></message>

Juliet receives nothing

Romeo sends:
	<message to='juliet@localhost/balcony' type='chat' id='m2'><body>by the full name</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony' type='chat' id='m2'><body>by the full name</body></message>

Juliet sends:
	<presence/>

Juliet receives, in any order:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat' id='m1'>
		<body>are you there?</body>
		<delay xmlns='urn:xmpp:delay' from='localhost' stamp='{any}'>{any}</delay>
	</message>
