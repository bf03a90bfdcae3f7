# XEP-0054: written by its owner only, read by all

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
	<iq type='get' id='c1'><vCard xmlns='vcard-temp'/></iq>

Juliet receives:
	<iq type='result' id='c1' from='juliet@localhost' to='juliet@localhost/balcony'><vCard xmlns='vcard-temp'/></iq>

Romeo sends:
	<iq type='get' id='c2' to='juliet@localhost'><vCard xmlns='vcard-temp'/></iq>

Romeo receives:
	<iq type='error' id='c2' from='juliet@localhost' to='romeo@localhost/orchard'>
		<vCard xmlns='vcard-temp'/>
		<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
	</iq>

Juliet sends:
	<iq type='set' id='c3'><vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY></N></vCard></iq>

Juliet receives:
	<iq type='result' id='c3' from='juliet@localhost' to='juliet@localhost/balcony'/>

Romeo sends:
	<iq type='get' id='c4' to='juliet@localhost'><vCard xmlns='vcard-temp'/></iq>

Romeo receives:
	<iq type='result' id='c4' from='juliet@localhost' to='romeo@localhost/orchard'>
		<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY></N></vCard>
	</iq>

Romeo sends:
	<iq type='set' id='c5' to='juliet@localhost'><vCard xmlns='vcard-temp'><FN>Montague</FN></vCard></iq>

Romeo receives:
	<iq type='error' id='c5' from='juliet@localhost' to='romeo@localhost/orchard'>
		<vCard xmlns='vcard-temp'><FN>Montague</FN></vCard>
		<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error>
	</iq>
