# RFC 6121 §3.4: who is approved before asks nobody; the approval is in the roster, and can be taken back

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Juliet connects

Juliet sends:
	<iq type='get' id='j1'><query xmlns='jabber:iq:roster'/></iq>

Juliet receives:
	<iq type='result' id='j1' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:roster'/></iq>

Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='none' approved='true'/></query>
	</iq>

Romeo receives nothing

# a rename does not take the approval away
Juliet sends:
	<iq type='set' id='j2'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' name='R'/></query></iq>

Juliet receives, in any order:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' name='R' subscription='none' approved='true'/></query>
	</iq>
	<iq type='result' id='j2' from='juliet@localhost' to='juliet@localhost/balcony'/>

Juliet sends:
	<presence type='unsubscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' name='R' subscription='none'/></query>
	</iq>

Romeo receives nothing

Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' name='R' subscription='none' approved='true'/></query>
	</iq>

Juliet sends:
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

# Romeo is available, but has not asked for the roster: he sees the presence and nothing else

Romeo sends:
	<presence/>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'/>

Romeo sends:
	<presence type='subscribe' to='juliet@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' name='R' subscription='from' approved='true'/></query>
	</iq>

Romeo receives:
	<presence from='juliet@localhost/balcony' to='romeo@localhost'/>

Juliet receives nothing
