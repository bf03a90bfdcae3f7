# RFC 6121 §2.5: removing a contact takes back both subscriptions, the other side is told, and sees nothing more

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Juliet connects

Romeo sends:
	<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r1' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster'/></iq>

Juliet sends:
	<iq type='get' id='j1'><query xmlns='jabber:iq:roster'/></iq>

Juliet receives:
	<iq type='result' id='j1' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:roster'/></iq>

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='none' approved='true'/></query>
	</iq>

Romeo sends:
	<presence type='subscribe' to='juliet@localhost'/>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none' ask='subscribe'/></query>
	</iq>
	<presence type='subscribed' from='juliet@localhost' to='romeo@localhost'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='to'/></query>
	</iq>
	<presence from='juliet@localhost/balcony' to='romeo@localhost'>{any}</presence>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from' approved='true'/></query>
	</iq>

Romeo sends:
	<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query></iq>

Romeo receives, in any order:
	<iq type='result' id='r2' from='romeo@localhost' to='romeo@localhost/orchard'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='remove'/></query>
	</iq>
	<presence type='unavailable' from='juliet@localhost/balcony' to='romeo@localhost'/>

Juliet receives:
	<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='none' approved='true'/></query>
	</iq>

Juliet sends:
	<presence><show>away</show></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><show>away</show></presence>

Romeo receives nothing

Romeo sends:
	<iq type='get' id='r3'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r3' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster'/></iq>
