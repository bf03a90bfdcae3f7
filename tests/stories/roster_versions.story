# RFC 6121 §2.6: who has the version gets no roster, who has an older one gets what is new

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

-----

Romeo connects

Romeo sends:
	<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>

Romeo receives:
	<iq type='result' id='r1' from='romeo@localhost' to='romeo@localhost/orchard'><query xmlns='jabber:iq:roster' ver='{any}'/></iq>

Romeo sends:
	<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost'/></query></iq>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{keep:first}'><item jid='juliet@localhost' subscription='none'/></query>
	</iq>
	<iq type='result' id='r2' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='get' id='r3'><query xmlns='jabber:iq:roster' ver='{kept:first}'/></iq>

Romeo receives:
	<iq type='result' id='r3' from='romeo@localhost' to='romeo@localhost/orchard'/>

# the same again is no change: no new version

Romeo sends:
	<iq type='set' id='r4'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost'/></query></iq>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{kept:first}'><item jid='juliet@localhost' subscription='none'/></query>
	</iq>
	<iq type='result' id='r4' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='get' id='r5'><query xmlns='jabber:iq:roster' ver='{kept:first}'/></iq>

Romeo receives:
	<iq type='result' id='r5' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='set' id='r6'><query xmlns='jabber:iq:roster'><item jid='nurse@localhost' name='Nurse'/></query></iq>

Romeo receives, in any order:
	<iq type='set' id='{any}' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{keep:second}'><item jid='nurse@localhost' name='Nurse' subscription='none'/></query>
	</iq>
	<iq type='result' id='r6' from='romeo@localhost' to='romeo@localhost/orchard'/>

Romeo sends:
	<iq type='get' id='r7'><query xmlns='jabber:iq:roster' ver='{kept:first}'/></iq>

Romeo receives:
	<iq type='result' id='r7' from='romeo@localhost' to='romeo@localhost/orchard'>
		<query xmlns='jabber:iq:roster' ver='{kept:second}'>
			<item jid='juliet@localhost' subscription='none'/>
			<item jid='nurse@localhost' name='Nurse' subscription='none'/>
		</query>
	</iq>
