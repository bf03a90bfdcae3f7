# RFC 6120 §4.8: content keeps its namespaces and prefixes mean nothing; what is not escaped by one is escaped by all; a prefix
# for the stanza itself is as good as none

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
	<message to='juliet@localhost/balcony' xmlns:p='urn:example:p'><p:x p:y='1' z="'&quot;&lt;&#10;"><p:w xmlns:p='urn:example:q'/>]]&gt;&#13;</p:x></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony'>
		<x xmlns='urn:example:p' xmlns:o='urn:example:p' o:y='1' z="'&quot;&lt;&#10;"><w xmlns='urn:example:q'/>{any}</x>
	</message>

Romeo sends:
	<c:message xmlns:c='jabber:client' to='juliet@localhost/balcony'><c:body>prefixed</c:body></c:message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony'><body>prefixed</body></message>

Romeo sends:
	<message to='juliet@localhost/balcony' xml:lang='it'><body xml:lang='en'>in English</body><body>in italiano</body></message>

Juliet receives:
	<message from='romeo@localhost/orchard' to='juliet@localhost/balcony' xml:lang='it'><body xml:lang='en'>in English</body><body>in italiano</body></message>

# not a stanza of this stream
Romeo sends:
	<message xmlns='jabber:server' to='juliet@localhost/balcony'/>

Romeo is closed: unsupported-stanza-type
