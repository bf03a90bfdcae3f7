# RFC 3921 §3: the session request of old clients is answered, and changes nothing

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>

Romeo receives:
	<iq type='result' id='s1'/>

Romeo sends:
	<iq type='set' id='s2' to='localhost'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>

Romeo receives:
	<iq type='result' id='s2'/>
