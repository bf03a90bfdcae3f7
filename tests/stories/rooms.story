# XEP-0045: a room is made and configured; another enters, talks, whispers, is kicked; the room is destroyed

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
	<presence to='verona@conference.localhost/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>

Romeo receives:
	<presence from='verona@conference.localhost/romeo' to='romeo@localhost/orchard'>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'>
			<item affiliation='owner' role='moderator' jid='romeo@localhost/orchard'/>
			<status code='110'/>
			<status code='170'/>
			<status code='201'/>
		</x>
	</presence>
	<message type='groupchat' from='verona@conference.localhost' to='romeo@localhost/orchard'><subject/></message>

Juliet sends:
	<presence to='verona@conference.localhost/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>

Juliet receives:
	<presence type='error' from='verona@conference.localhost/juliet' to='juliet@localhost/balcony'>
		<x xmlns='http://jabber.org/protocol/muc'/>
		<error type='cancel'>
			<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
			<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>the room is being made</text>
		</error>
	</presence>

Romeo sends:
	<iq type='set' id='o1' to='verona@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>

Romeo receives:
	<iq type='result' id='o1' from='verona@conference.localhost' to='romeo@localhost/orchard'/>

Juliet sends:
	<presence to='verona@conference.localhost/juliet'><x xmlns='http://jabber.org/protocol/muc'/><show>away</show></presence>

Romeo receives:
	<presence from='verona@conference.localhost/juliet' to='romeo@localhost/orchard'>
		<show>away</show>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant' jid='juliet@localhost/balcony'/></x>
	</presence>

Juliet receives:
	<presence from='verona@conference.localhost/romeo' to='juliet@localhost/balcony'>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' role='moderator'/></x>
	</presence>
	<presence from='verona@conference.localhost/juliet' to='juliet@localhost/balcony'>
		<show>away</show>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'>
			<item affiliation='none' role='participant' jid='juliet@localhost/balcony'/>
			<status code='110'/>
			<status code='170'/>
		</x>
	</presence>
	<message type='groupchat' from='verona@conference.localhost' to='juliet@localhost/balcony'><subject/></message>

Juliet sends:
	<message to='verona@conference.localhost' type='groupchat' id='m1'><body>O Romeo</body></message>

Romeo receives:
	<message type='groupchat' id='m1' from='verona@conference.localhost/juliet' to='romeo@localhost/orchard'>
		<body>O Romeo</body>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<stanza-id xmlns='urn:xmpp:sid:0' by='verona@conference.localhost' id='{any}'/>
	</message>

Juliet receives:
	<message type='groupchat' id='m1' from='verona@conference.localhost/juliet' to='juliet@localhost/balcony'>
		<body>O Romeo</body>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<stanza-id xmlns='urn:xmpp:sid:0' by='verona@conference.localhost' id='{any}'/>
	</message>

Juliet sends:
	<iq type='set' id='a1' to='verona@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='romeo' role='none'/></query></iq>

Juliet receives:
	<iq type='error' id='a1' from='verona@conference.localhost' to='juliet@localhost/balcony'>
		<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='romeo' role='none'/></query>
		<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Romeo sends:
	<iq type='set' id='a2' to='verona@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='juliet' role='none'><reason>parting</reason></item></query></iq>

Juliet receives:
	<presence type='unavailable' from='verona@conference.localhost/juliet' to='juliet@localhost/balcony'>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'>
			<item affiliation='none' role='none' jid='juliet@localhost/balcony'><actor nick='romeo'/><reason>parting</reason></item>
			<status code='110'/>
			<status code='307'/>
		</x>
	</presence>

Romeo receives:
	<iq type='result' id='a2' from='verona@conference.localhost' to='romeo@localhost/orchard'/>
	<presence type='unavailable' from='verona@conference.localhost/juliet' to='romeo@localhost/orchard'>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'>
			<item affiliation='none' role='none' jid='juliet@localhost/balcony'><actor nick='romeo'/><reason>parting</reason></item>
			<status code='307'/>
		</x>
	</presence>

Romeo sends:
	<iq type='set' id='d1' to='verona@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='mantua@conference.localhost'/></query></iq>

Romeo receives:
	<presence type='unavailable' from='verona@conference.localhost/romeo' to='romeo@localhost/orchard'>
		<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{any}'/>
		<x xmlns='http://jabber.org/protocol/muc#user'>
			<item affiliation='none' role='none' jid='romeo@localhost/orchard'/>
			<status code='110'/>
			<destroy jid='mantua@conference.localhost'/>
		</x>
	</presence>
	<iq type='result' id='d1' from='verona@conference.localhost' to='romeo@localhost/orchard'/>
