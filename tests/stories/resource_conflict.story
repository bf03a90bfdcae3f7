# RFC 6120 §7.7.2.2: the newer session gets the resource, the older is told conflict; the account stays available

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Again
	jid: romeo@localhost/orchard
	password: secret

[Client] Nurse
	jid: nurse@localhost/house
	password: secret

-----

Romeo connects

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Again connects

Romeo is closed: conflict

Again sends:
	<presence/>

Again receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Nurse connects

Nurse sends:
	<message to='romeo@localhost' type='chat'><body>to the newer</body></message>

Again receives:
	<message from='nurse@localhost/house' to='romeo@localhost' type='chat'><body>to the newer</body></message>

Again receives nothing
