# RFC 6121 §3.1; seed-flow items 25 to 28: one side asks, the other grants and asks back; each roster moves as the tables say

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
	<presence><show>chat</show></presence>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'><show>chat</show></presence>

# the request is sent as from the bare JID, to the bare JID, whole
Romeo sends:
	<presence type='subscribe' to='juliet@localhost/balcony' id='s1'><status>I am Romeo</status><nick xmlns='http://jabber.org/protocol/nick'>R</nick></presence>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none' ask='subscribe'/></query>
	</iq>

Juliet receives:
	<presence type='subscribe' from='romeo@localhost' to='juliet@localhost' id='s1'>
		<status>I am Romeo</status>
		<nick xmlns='http://jabber.org/protocol/nick'>R</nick>
	</presence>

# a request that waits is not in the roster
Juliet sends:
	<iq type='get' id='j2'><query xmlns='jabber:iq:roster'/></iq>

Juliet receives:
	<iq type='result' id='j2' from='juliet@localhost' to='juliet@localhost/balcony'><query xmlns='jabber:iq:roster'/></iq>

Juliet sends:
	<presence type='subscribed' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from'/></query>
	</iq>

Romeo receives:
	<presence type='subscribed' from='juliet@localhost' to='romeo@localhost'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='to'/></query>
	</iq>
	<presence from='juliet@localhost/balcony' to='romeo@localhost'><show>chat</show></presence>

# and back
Juliet sends:
	<presence type='subscribe' to='romeo@localhost'/>

Juliet receives:
	<iq type='set' id='{any}' from='juliet@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='romeo@localhost' subscription='from' ask='subscribe'/></query>
	</iq>

Romeo receives:
	<presence type='subscribe' from='juliet@localhost' to='romeo@localhost'/>

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
	<presence from='romeo@localhost/orchard' to='juliet@localhost'/>

# later presence, and the end
Romeo sends:
	<presence><show>dnd</show></presence>

Romeo receives:
	<presence from='romeo@localhost/orchard' to='romeo@localhost'><show>dnd</show></presence>

Juliet receives:
	<presence from='romeo@localhost/orchard' to='juliet@localhost'><show>dnd</show></presence>

Juliet vanishes

Romeo receives:
	<presence type='unavailable' from='juliet@localhost/balcony' to='romeo@localhost'/>
