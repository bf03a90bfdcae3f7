# RFC 6121 §4.2, §4.3; seed-flow items 19 to 24: the first presence asks whom the user sees (from the bare JID) and tells who sees the user;
# later ones only tell

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Component] Verona
	domain: c1.test

-----

Verona connects

Romeo connects

Romeo sends:
	<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r1' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster'/></iq>

# the nurse is seen by Romeo, the friar sees Romeo
Romeo sends:
	<presence type='subscribe' to='nurse@c1.test'/>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='nurse@c1.test' subscription='none' ask='subscribe'/></query>
	</iq>

Verona receives:
	<presence type='subscribe' from='romeo@localhost' to='nurse@c1.test'/>

Verona sends:
	<presence type='subscribed' from='nurse@c1.test' to='romeo@localhost'/>
	<presence type='subscribe' from='friar@c1.test' to='romeo@localhost'/>

Romeo receives:
	<presence type='subscribed' from='nurse@c1.test' to='romeo@localhost'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='nurse@c1.test' subscription='to'/></query>
	</iq>

Verona receives:
	<presence type='probe' from='romeo@localhost' to='nurse@c1.test'/>

Romeo sends:
	<presence type='subscribed' to='friar@c1.test'/>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='friar@c1.test' subscription='from'/></query>
	</iq>

Verona receives:
	<presence type='subscribed' from='romeo@localhost' to='friar@c1.test'/>

Romeo receives nothing

# now the first presence
Romeo sends:
	<presence><show>chat</show><status>here</status><priority>3</priority></presence>

Verona receives:
	<presence type='probe' from='romeo@localhost' to='nurse@c1.test'/>
	<presence from='romeo@localhost/orchard' to='friar@c1.test'><show>chat</show><status>here</status><priority>3</priority></presence>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'><show>chat</show><status>here</status><priority>3</priority></presence>

Verona sends:
	<presence from='nurse@c1.test/kitchen' to='romeo@localhost'><status>busy</status></presence>

Romeo receives:
	<presence from='nurse@c1.test/kitchen' to='romeo@localhost'><status>busy</status></presence>

# later presence: no probes
Romeo sends:
	<presence><show>away</show></presence>

Verona receives:
	<presence from='romeo@localhost/orchard' to='friar@c1.test'><show>away</show></presence>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'><show>away</show></presence>

Romeo receives nothing

# and gone; the stream stays
Romeo sends:
	<presence type='unavailable'><status>away I go</status></presence>

Verona receives:
	<presence type='unavailable' from='romeo@localhost/orchard' to='friar@c1.test'><status>away I go</status></presence>

Romeo receives:
	<presence type='unavailable' from='romeo@localhost/orchard' to='romeo@localhost'><status>away I go</status></presence>

Romeo sends:
	<presence/>

Verona receives:
	<presence type='probe' from='romeo@localhost' to='nurse@c1.test'/>
	<presence from='romeo@localhost/orchard' to='friar@c1.test'/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>
