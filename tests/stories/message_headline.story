# RFC 6121 §8.5.2.1.1: a headline goes to every resource whose priority is not negative, and is never kept

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

Romeo sends:
	<message to='juliet@localhost' type='headline'><body>nobody hears this</body></message>

Romeo receives nothing

Juliet sends:
	<presence><priority>9</priority></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><priority>9</priority></presence>

Phone connects

Phone sends:
	<presence/>

Phone receives, in any order:
	<presence from='juliet@localhost/chamber' to='juliet@localhost'/>
	<presence from='juliet@localhost/balcony' to='{any}'><priority>9</priority>{more}</presence>

Juliet receives:
	<presence from='juliet@localhost/chamber' to='juliet@localhost'/>

Romeo sends:
	<message to='juliet@localhost' type='headline'><body>news</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='headline'><body>news</body></message>

Phone receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost' type='headline'><body>news</body></message>
