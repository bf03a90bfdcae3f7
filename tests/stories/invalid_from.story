# RFC 6120 §8.1.2.1: a stanza from somebody else ends the stream; one's own bare or full JID is admitted, and written out in full

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Juliet connects

Romeo connects

Romeo sends:
	<message from='romeo@localhost' to='juliet@localhost/balcony'><body>bare</body></message>
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony'><body>full</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony'><body>bare</body></message>
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony'><body>full</body></message>

Romeo sends:
	<message from='tybalt@localhost' to='juliet@localhost/balcony'><body>forged</body></message>

Romeo is closed: invalid-from

Juliet receives nothing
