# RFC 6121 §8.5.2.1.1: a message to the bare JID goes to the resource of the highest priority;
# two of the same priority both get it

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
	<presence><priority>1</priority></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><priority>1</priority></presence>

Phone connects

Phone sends:
	<presence><priority>5</priority></presence>

Phone receives, in any order:
	<presence from='juliet@localhost/chamber' to='juliet@localhost'><priority>5</priority></presence>
	<presence from='juliet@localhost/balcony' to='{any}'><priority>1</priority>{more}</presence>

Juliet receives:
	<presence from='juliet@localhost/chamber' to='juliet@localhost'><priority>5</priority></presence>

Romeo sends:
	<message to='juliet@localhost' type='chat'><body>Hist!</body></message>

Phone receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat'><body>Hist!</body></message>

Romeo sends:
	<message to='juliet@localhost'><body>no type is type normal</body></message>

Phone receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost'><body>no type is type normal</body></message>

Juliet receives nothing

# now both are equal
Juliet sends:
	<presence><priority>5</priority></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><priority>5</priority></presence>

Phone receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><priority>5</priority></presence>

Romeo sends:
	<message to='juliet@localhost' type='chat' id='m3'><body>to both</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat' id='m3'><body>to both</body></message>

Phone receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='chat' id='m3'><body>to both</body></message>
