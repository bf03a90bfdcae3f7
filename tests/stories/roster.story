# RFC 6121 §2: get, add, rename, what a client may not set; a push goes to every resource that asked for the roster and to no other

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Second
	jid: romeo@localhost/street
	password: secret

[Client] Nurse
	jid: nurse@localhost/house
	password: secret

[Client] Juliet
	jid: juliet@localhost/balcony
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r1' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster'/></iq>

Romeo sends:
	<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'><group>Friends</group></item></query></iq>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'>
			<item jid='juliet@localhost' name='Juliet' subscription='none'><group>Friends</group></item>
		</query>
	</iq>
	<iq type='result' id='r2' from='romeo@localhost' to='romeo@localhost/orchard'/>

# subscription, ask and approved are the server's
Romeo sends:
	<iq type='set' id='r3'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost/balcony' name='J' subscription='both' ask='subscribe' approved='true'/></query></iq>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' name='J' subscription='none'/></query>
	</iq>
	<iq type='result' id='r3' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='result' id='push1' to='romeo@localhost'/>
	<iq type='get' id='r4'><query xmlns='jabber:iq:roster'/></iq>

Romeo receives:
	<iq type='result' id='r4' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='J' subscription='none'/></query>
	</iq>

# Second has not asked for the roster: it gets no push
Second connects

Second sends:
	<iq type='set' id='r5'><query xmlns='jabber:iq:roster'><item jid='nurse@localhost'/></query></iq>

Second receives:
	<iq type='result' id='r5' from='romeo@localhost' to='romeo@localhost/street'/>

Romeo receives:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{any}'><item jid='nurse@localhost' subscription='none'/></query>
	</iq>

Second receives nothing

# nobody else's business
Juliet connects

Juliet sends:
	<iq type='get' id='r6' to='romeo@localhost'><query xmlns='jabber:iq:roster'/></iq>

Juliet receives:
	<iq type='error' id='r6' from='romeo@localhost' to='juliet@localhost/balcony'>
		<query xmlns='jabber:iq:roster'/>
		<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</iq>
