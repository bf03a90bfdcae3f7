# RFC 6121 §4.5.2: however a stream ends, contacts and own resources see the resource go

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Second
	jid: romeo@localhost/street
	password: secret

[Client] Again
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Second connects

Second sends:
	<presence/>

Second receives, in any order:
	<presence from='romeo@localhost/street' to='romeo@localhost'/>
	<presence from='romeo@localhost/orchard' to='romeo@localhost/street'>{any}</presence>

Romeo receives:
	<presence from='romeo@localhost/street' to='romeo@localhost'/>

Second disconnects

Romeo receives:
	<presence type='unavailable' from='romeo@localhost/street' to='romeo@localhost'/>

Second connects

Second sends:
	<presence/>

Second receives, in any order:
	<presence from='romeo@localhost/street' to='romeo@localhost'/>
	<presence from='romeo@localhost/orchard' to='romeo@localhost/street'>{any}</presence>

Romeo receives:
	<presence from='romeo@localhost/street' to='romeo@localhost'/>

Second vanishes

Romeo receives:
	<presence type='unavailable' from='romeo@localhost/street' to='romeo@localhost'/>
