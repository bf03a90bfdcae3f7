# RFC 6121 §8.1.1.1: a message without `to` is one to the sender's own bare JID

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Romeo sends:
	<message type='chat' id='note'><body>to myself</body></message>

Romeo receives:
	<message from='romeo@localhost/orchard' to='romeo@localhost' type='chat' id='note'><body>to myself</body></message>

Romeo sends:
	<message type='chat' id='here' to='romeo@localhost/orchard'><body>and here</body></message>

Romeo receives:
	<message from='romeo@localhost/orchard' to='romeo@localhost/orchard' type='chat' id='here'><body>and here</body></message>
