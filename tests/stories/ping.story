# XEP-0199: pings to the server, to the account and to another client

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
	<iq type='get' id='ping1'><ping xmlns='urn:xmpp:ping'/></iq>

Romeo receives:
	<iq type='result' id='ping1' to='romeo@localhost/orchard' from='romeo@localhost'/>

Romeo sends:
	<iq type='get' id='ping2' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>

Romeo receives:
	<iq type='result' id='ping2' to='romeo@localhost/orchard' from='localhost'/>

# to another's full JID it is the other client that answers

Romeo sends:
	<iq type='get' id='ping3' to='juliet@localhost/balcony'><ping xmlns='urn:xmpp:ping'/></iq>

Juliet receives:
	<iq type='get' id='ping3' from='romeo@localhost/orchard' to='juliet@localhost/balcony'>
		<ping xmlns='urn:xmpp:ping'/>
	</iq>

Juliet sends:
	<iq type='result' id='ping3' to='romeo@localhost/orchard'/>

Romeo receives:
	<iq type='result' id='ping3' from='juliet@localhost/balcony' to='romeo@localhost/orchard'/>

# nobody is there under this resource

Romeo sends:
	<iq type='get' id='ping4' to='juliet@localhost/chapel'><ping xmlns='urn:xmpp:ping'/></iq>

Romeo receives:
	<iq type='error' id='ping4' from='juliet@localhost/chapel' to='romeo@localhost/orchard'>
		<ping xmlns='urn:xmpp:ping'/>
		<error type='cancel'>
			<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
		</error>
	</iq>

Juliet disconnects

Romeo disconnects
