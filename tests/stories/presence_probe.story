# RFC 6121 §4.3.2: a probe is answered with the last presence to who may know, with unavailable when nobody is there,
# with unsubscribed to who may not know; the client never sees it

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Component] Verona
	domain: c1.test

-----

Verona connects

Romeo connects

Verona sends:
	<presence type='probe' from='tybalt@c1.test' to='romeo@localhost'/>

Verona receives:
	<presence type='unsubscribed' from='romeo@localhost' to='tybalt@c1.test'/>

Verona sends:
	<presence type='subscribe' from='friar@c1.test' to='romeo@localhost'/>
	<iq type='get' id='kept' from='friar@c1.test' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>

Verona receives:
	<iq type='result' id='kept' from='localhost' to='friar@c1.test'/>

Romeo sends:
	<presence/>

Romeo receives, in any order:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>
	<presence type='subscribe' from='friar@c1.test' to='romeo@localhost'/>

Romeo sends:
	<presence type='subscribed' to='friar@c1.test'/>

Verona receives:
	<presence type='subscribed' from='romeo@localhost' to='friar@c1.test'/>
	<presence from='romeo@localhost/orchard' to='friar@c1.test'/>

Romeo sends:
	<presence><show>dnd</show></presence>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'><show>dnd</show></presence>

Verona receives:
	<presence from='romeo@localhost/orchard' to='friar@c1.test'><show>dnd</show></presence>

Verona sends:
	<presence type='probe' from='friar@c1.test/cell' to='romeo@localhost'/>

Verona receives:
	<presence from='romeo@localhost/orchard' to='friar@c1.test/cell'>
		<show>dnd</show>
		<delay xmlns='urn:xmpp:delay' from='romeo@localhost/orchard' stamp='{any}'/>
	</presence>

Romeo disconnects

Verona receives:
	<presence type='unavailable' from='romeo@localhost/orchard' to='friar@c1.test'/>

Verona sends:
	<presence type='probe' from='friar@c1.test' to='romeo@localhost'/>

Verona receives:
	<presence type='unavailable' from='romeo@localhost' to='friar@c1.test'>{any}</presence>
