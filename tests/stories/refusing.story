# RFC 6121 §3.2; seed-flow item 30: a refusal clears the question, in the roster and by a push

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
	<presence/>

Juliet receives:
	<presence from='juliet@localhost/balcony' to='juliet@localhost'/>

Romeo sends:
	<presence type='subscribe' to='juliet@localhost'/>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none' ask='subscribe'/></query>
	</iq>

Juliet receives:
	<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'/>

Juliet sends:
	<presence type='unsubscribed' to='romeo@localhost'/>

Romeo receives:
	<presence type='unsubscribed' from='juliet@localhost' to='romeo@localhost'/>
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none'/></query>
	</iq>

Juliet receives nothing
