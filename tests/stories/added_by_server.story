# seed-flow items 29 and 31: a contact added by the administrator gives the pushes of an ordinary subscription: ask, then to, then both

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

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

xmppd roster add romeo@localhost juliet@localhost

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none' ask='subscribe'/></query>
	</iq>

Juliet receives:
	<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'/>

Romeo receives nothing

# Juliet's client accepts, and asks back
Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>
	<presence type='subscribe' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from'/></query>
	</iq>
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from' ask='subscribe'/></query>
	</iq>

# Romeo is not available: he sees answers, but neither requests nor presence
Romeo receives:
	<presence type='subscribed' from='juliet@localhost' to='romeo@localhost'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='to'/></query>
	</iq>

Romeo receives nothing

Romeo sends:
	<presence type='subscribed' to='juliet@localhost'/>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='both'/></query>
	</iq>

Juliet receives:
	<presence type='subscribed' from='romeo@localhost' to='juliet@localhost'/>
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='both'/></query>
	</iq>
