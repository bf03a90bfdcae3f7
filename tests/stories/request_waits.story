# RFC 6121 §3.1.3: a request is kept whole and shown at each login until it is answered

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

Romeo sends:
	<presence type='subscribe' to='juliet@localhost' id='s7'><status>first words</status><x xmlns='urn:example:x'>kept</x></presence>

Romeo disconnects

Juliet connects

Juliet sends:
	<presence/>

Juliet receives, in any order:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>
	<presence type='subscribe' from='romeo@localhost' to='juliet@localhost' id='s7'>
		<status>first words</status>
		<x xmlns='urn:example:x'>kept</x>
	</presence>

Juliet disconnects

Phone connects

Phone sends:
	<presence/>

Phone receives, in any order:
	<presence from='juliet@localhost/chamber' to='juliet@localhost'/>
	<presence type='subscribe' from='romeo@localhost' to='juliet@localhost' id='s7'>
		<status>first words</status>
		<x xmlns='urn:example:x'>kept</x>
	</presence>

Phone sends:
	<presence type='subscribed' to='romeo@localhost'/>

Phone disconnects

Juliet connects

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>
