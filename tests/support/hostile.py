"""hostile — what no decent client sends, as tables: (stage, what is sent, what must come).

The stages: "raw" (connected, nothing said), "direct" (the same under TLS from the first byte), "open" (features seen),
"secured" (after STARTTLS), "required" (a port that demands TLS), "known" (authenticated, not bound), "bound" (a
session), "service" (a component's connection, nothing said) and "component" (a component, let in).

What must come: a stream error's condition as a plain word, which also ends the stream; "failure:x" a SASL failure;
"message:x", "presence:x", "iq:x" a stanza error; "iq" or "message" a stanza of another type; "success", "challenge",
"features"; "" nothing. After all but the first the stream goes on. "{jid}" and "{bare}" are the session's own.
"""

from __future__ import annotations

import base64

from tests.support.booted import COMPONENTS
from tests.support.hostile_logins import LOGINS
from tests.support.wire import BIND, CLIENT, COMPONENT, ROSTER, SASL, STREAM, TLS

NS = STREAM[1:-1]
HEAD = f"<stream:stream to='localhost' xmlns='{CLIENT}' xmlns:stream='{NS}' version='1.0'>"
DOMAIN = COMPONENTS[3]
SERVICE = f"<stream:stream to='{DOMAIN}' xmlns='{COMPONENT}' xmlns:stream='{NS}'>"
PING = "<ping xmlns='urn:xmpp:ping'/>"
GROUPS = "".join(f"<group>g{i}</group>" for i in range(2000))
LONG = "r" * 2000
Case = tuple[str, str | bytes, str]


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def auth(mechanism: str, data: str) -> str:
    return f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{data}</auth>"


def plain(text: str | bytes) -> str:
    return auth("PLAIN", b64(text))


def scram(text: str | bytes, mechanism: str = "SCRAM-SHA-1") -> str:
    return auth(mechanism, b64(text))


def head(old: str, new: str) -> str:
    assert old in HEAD
    return HEAD.replace(old, new)


def roster(items: str) -> str:
    return f"<iq type='set' id='r'><query xmlns='{ROSTER}'>{items}</query></iq>"


def bomb() -> str:
    entities = "".join(f"<!ENTITY b{i + 1} '&b{i};&b{i};'>" for i in range(30))
    return f"<!DOCTYPE l [<!ENTITY b0 'ha'>{entities}]><l>&b30;</l>"


BEGINNINGS: list[tuple[str | bytes, str]] = [
    ("<!DOCTYPE x>", "restricted-xml"),
    (bomb(), "restricted-xml"),
    ("<!DOCTYPE x SYSTEM 'file:///etc/passwd'>", "restricted-xml"),
    ("<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> %p;]>", "restricted-xml"),
    ("<?php x?>", "restricted-xml"),
    ("<!-- x -->", "restricted-xml"),
    (head("'localhost'", "'&other;'"), "restricted-xml"),
    (b"\xef\xbb\xbf" + HEAD.encode(), "unsupported-encoding"),
    (HEAD.encode("utf-16"), "unsupported-encoding"),
    (HEAD.encode("utf-16-le"), "unsupported-encoding"),
    (HEAD.encode("utf-16-be"), "unsupported-encoding"),
    (HEAD.encode("utf-32"), "unsupported-encoding"),
    ("<?xml version='1.0' encoding='iso-8859-1'?>" + HEAD, "unsupported-encoding"),
    ("<?xml version='1.0' encoding='utf-7'?>" + HEAD, "unsupported-encoding"),
    (b"<stream:stream to='\xff'", "unsupported-encoding"),
    (b"<stream:stream to='\xc0\x80'", "unsupported-encoding"),
    (b"\0\0\0\0", "unsupported-encoding"),
    (b"<stream\0:stream", "not-well-formed"),
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not-well-formed"),
    ("<stream:stream to='a' to='b' xmlns:stream='x'>", "not-well-formed"),
    ("</stream:stream>", "not-well-formed"),
    ("<" + "a" * 20_000, "policy-violation"),
    ("<a " + "b" * 20_000, "policy-violation"),
    ("<a b='" + "c" * 20_000, "policy-violation"),
    ("<a " + " ".join(f"a{i}=''" for i in range(500)) + ">", "policy-violation"),
    (" " * 20_000, "policy-violation"),
]

HEADERS: list[tuple[str, str]] = [
    (head("to='localhost' ", ""), "improper-addressing"),
    (head("'localhost'", "''"), "improper-addressing"),
    (head("'localhost'", "'@@'"), "improper-addressing"),
    (head("'localhost'", "'a@localhost'"), "improper-addressing"),
    (head("'localhost'", "'localhost/x'"), "improper-addressing"),
    (head("'localhost'", "'evil.example'"), "host-unknown"),
    (head("'localhost'", "'LOCALHOST'"), "features"),
    (head("1.0", "2.0"), "unsupported-version"),
    (head("1.0", "0.9"), "unsupported-version"),
    (head("1.0", "abc"), "unsupported-version"),
    (head(" version='1.0'", ""), "unsupported-version"),
    (head("1.0", "1.9"), "features"),
    (head(CLIENT, "jabber:server"), "invalid-namespace"),
    (head(NS, "urn:other"), "invalid-namespace"),
    (HEAD[:-1] + " from='a@evil.example'>", "invalid-from"),
    (HEAD[:-1] + " from='a@localhost'>", "features"),
    (HEAD[:-1] + f" xml:lang='{'x' * 5000}'>", "policy-violation"),
]

XML: list[tuple[str | bytes, str]] = [
    ("<!-- x -->", "restricted-xml"),
    ("<?x y?>", "restricted-xml"),
    ("<a>&other;</a>", "restricted-xml"),
    ("<a>&#0;</a>", "not-well-formed"),
    ("<a>&#xD800;</a>", "not-well-formed"),
    (b"<a>\x01</a>", "not-well-formed"),
    (b"<a>\xff</a>", "not-well-formed"),
    (b"<a>\xe2\x82</a>", "not-well-formed"),
    (b"<a>\xc0\xaf</a>", "not-well-formed"),
    (b"<a>\xed\xa0\x80</a>", "not-well-formed"),
    ("<a></b>", "not-well-formed"),
    ("<p:a/>", "not-well-formed"),
    ("<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>", "not-well-formed"),
    ("<p:a xmlns:p='jabber:client}iq'/>", "not-well-formed"),
    ("text", "invalid-xml"),
    ("<![CDATA[x]]>", "invalid-xml"),
    (HEAD, "invalid-xml"),
    ("<a>" * 100_000, "policy-violation"),
    ("<a " + " ".join(f"a{i}=''" for i in range(400)) + "/>", "policy-violation"),
]

STRANGERS: list[tuple[str | bytes, str]] = [
    ("<message to='b@localhost'><body>x</body></message>", "not-authorized"),
    ("<presence/>", "not-authorized"),
    (f"<iq type='get' id='1'><query xmlns='{ROSTER}'/></iq>", "not-authorized"),
    (f"<iq type='set' id='1'><bind xmlns='{BIND}'/></iq>", "not-authorized"),
    ("<iq type='result' id='1'/>", "not-authorized"),
    ("<a>" + "x" * 20_000, "policy-violation"),
    ("<a>" + "<b/>" * 100, "policy-violation"),
    (f"<abort xmlns='{SASL}'/>", "failure:aborted"),
    (f"<response xmlns='{SASL}'>AAAA</response>", "failure:not-authorized"),
    (f"<auth xmlns='{SASL}'/>", "failure:invalid-mechanism"),
    (auth("KERBEROS_V5", ""), "failure:invalid-mechanism"),
    (auth("EXTERNAL", "="), "failure:invalid-mechanism"),
    (auth("PLAIN", "!!!!"), "failure:incorrect-encoding"),
    (auth("PLAIN", "AA"), "failure:incorrect-encoding"),
    (auth("PLAIN", "="), "failure:malformed-request"),
    (plain("\0"), "failure:malformed-request"),
    (plain("\0ruth\0secret\0more"), "failure:malformed-request"),
    (plain(b"\0ruth\0\xff"), "failure:malformed-request"),
    (plain("\0\0secret"), "failure:malformed-request"),
    (plain("other\0ruth\0secret"), "failure:invalid-authzid"),
    (plain("other@localhost\0ruth\0secret"), "failure:invalid-authzid"),
    (plain("ruth@evil.example\0ruth\0secret"), "failure:invalid-authzid"),
    (plain("\0ruth\0wrong"), "failure:not-authorized"),
    (plain("\0nobody\0secret"), "failure:not-authorized"),
    (plain("\0ruth/x\0secret"), "failure:not-authorized"),
    (plain("ruth@localhost\0ruth\0secret"), "success"),
    (scram("junk"), "failure:malformed-request"),
    (scram("n,,n=,r=abc"), "failure:malformed-request"),
    (scram("n,,n=ruth,r="), "failure:malformed-request"),
    (scram("n,,n=ru=th,r=abc"), "failure:malformed-request"),
    (scram("n,,m=x,n=ruth,r=abc"), "failure:malformed-request"),
    (scram("p=tls-unique,,n=ruth,r=abc"), "failure:malformed-request"),
    (scram("n,a=other,n=ruth,r=abc"), "failure:invalid-authzid"),
    (scram("n,,n=nobody,r=abc"), "challenge"),
    (f"<stream:features xmlns:stream='{NS}'/>", "not-authorized"),
]

BOUND: list[tuple[str | bytes, str]] = [
    (f"<iq type='get'>{PING}</iq>", "iq:bad-request"),
    (f"<iq id='1'>{PING}</iq>", "iq:bad-request"),
    (f"<iq id='1' type='push'>{PING}</iq>", "iq:bad-request"),
    (f"<iq id='1' type='get'>{PING}{PING}</iq>", "iq:bad-request"),
    ("<iq id='1' type='get'/>", "iq:bad-request"),
    ("<iq id='1' type='get'><q xmlns='urn:q'/></iq>", "iq:service-unavailable"),
    ("<iq id='1' type='get' to='nobody@localhost'><q xmlns='urn:q'/></iq>", "iq:service-unavailable"),
    ("<iq id='1' type='get' to='a@remote.example'><q xmlns='urn:q'/></iq>", "iq:remote-server-not-found"),
    ("<iq id='1' type='result' to='localhost'/>", ""),
    ("<iq id='1' type='error' to='a@remote.example'/>", ""),
    ("<message from='other@localhost' to='x@localhost'/>", "invalid-from"),
    ("<message from='{bare}/other' to='x@localhost'/>", "invalid-from"),
    ("<presence from='localhost'/>", "invalid-from"),
    ("<presence from='@@'/>", "invalid-from"),
    ("<message from='{bare}' to='{jid}'><body>own</body></message>", "message"),
    ("<message to='@@'><body>x</body></message>", "message:jid-malformed"),
    ("<message to='a b@localhost'><body>x</body></message>", "message:jid-malformed"),
    (f"<message to='{'a' * 1024}@localhost'><body>x</body></message>", "message:jid-malformed"),
    ("<message to='a@remote.example'><body>x</body></message>", "message:remote-server-not-found"),
    ("<message to='nobody@localhost'><body>x</body></message>", "message:service-unavailable"),
    ("<message to='@@' type='error'/>", ""),
    ("<presence><priority>999</priority></presence>", "presence:bad-request"),
    ("<presence><priority>x</priority></presence>", "presence:bad-request"),
    ("<presence><priority>\u0661</priority></presence>", "presence:bad-request"),
    ("<presence type='invisible'/>", "presence:bad-request"),
    ("<presence type='invisible' to='nobody@localhost'/>", "presence:bad-request"),
    ("<presence type='subscribe' to='{bare}'/>", ""),
    ("<presence type='subscribe'/>", ""),
    (roster("<item jid='a@x.test'/><item jid='b@x.test'/>"), "iq:bad-request"),
    (roster(""), "iq:bad-request"),
    (roster("<item/>"), "iq:bad-request"),
    (roster("<item jid='@@'/>"), "iq:jid-malformed"),
    (roster("<item jid='a@x.test'><group>g</group><group>g</group></item>"), "iq:bad-request"),
    (roster("<item jid='a@x.test'><group/></item>"), "iq:not-acceptable"),
    (
        roster(f"<item jid='a@x.test'>{''.join(f'<group>g{i}</group>' for i in range(2000))}</item>"),
        "iq:not-acceptable",
    ),
    (roster(f"<item jid='a@x.test' name='{'n' * 5000}'/>"), "iq:not-acceptable"),
    (roster("<item jid='{bare}'/>"), "iq:not-allowed"),
    (roster("<item jid='none@x.test' subscription='remove'/>"), "iq:item-not-found"),
    (f"<iq type='get' id='1' to='nobody@localhost'><query xmlns='{ROSTER}'/></iq>", "iq:forbidden"),
    ("<foo xmlns='urn:x'/>", "unsupported-stanza-type"),
    (f"<starttls xmlns='{TLS}'/>", "failure:"),
    (plain("\0ruth\0secret"), "failure:not-authorized"),
    (f"<iq type='set' id='1'><bind xmlns='{BIND}'/></iq>", "iq:not-allowed"),
    ("<message><body>" + "x" * 400_000 + "</body></message>", "policy-violation"),
    ("<message>" + "<a/>" * 6000 + "</message>", "policy-violation"),
    ("<message><x xmlns='a}b'/></message>", "not-well-formed"),
    (f"<message><s:error xmlns:s='{NS}'/></message>", "invalid-xml"),
    ("<message to='{jid}'><body>&lt;/body&gt;&lt;/message&gt;&lt;iq&gt;</body></message>", "message"),
    ("<message to='{jid}'><body>]]&gt;&#13;&#10;</body></message>", "message"),
]

COMPONENTS_SAY: list[tuple[str | bytes, str]] = [
    ("<message to='ruth@localhost'/>", "message:bad-request"),
    ("<message from='ruth@localhost' to='x@localhost'/>", "message:forbidden"),
    (f"<message from='sub.{DOMAIN}' to='x@localhost'/>", "message:forbidden"),
    (f"<message from='{DOMAIN}'/>", "message:bad-request"),
    (f"<message from='{DOMAIN}' to=''/>", "message:jid-malformed"),
    (f"<presence from='19:x@{DOMAIN}' to='ruth@localhost'/>", "presence:jid-malformed"),
    (f"<iq type='get' id='1' from='{DOMAIN}' to='a b@localhost'>{PING}</iq>", "iq:jid-malformed"),
    (f"<presence from='{DOMAIN}' to='ruth@localhost'><show>here</show></presence>", "presence:bad-request"),
    ("<foo/>", "unsupported-stanza-type"),
    ("<!-- x -->", "restricted-xml"),
    (SERVICE, "invalid-xml"),
    (f"<iq type='get' from='{DOMAIN}' to='localhost'>{PING}</iq>", "iq:bad-request"),
    (f"<iq type='get' id='1' from='{DOMAIN}' to='localhost'>{PING}</iq>", "iq"),
    (
        f"<iq type='set' id='1' from='{DOMAIN}' to='ruth@localhost'>"
        f"<query xmlns='{ROSTER}'><item jid='evil@x.test'/></query></iq>",
        "iq:forbidden",
    ),
    (f"<message from='a@{DOMAIN}' to='nobody@localhost'><body>x</body></message>", "message:service-unavailable"),
    (f"<presence type='invisible' from='{DOMAIN}' to='ruth@localhost'/>", "presence:bad-request"),
]

CASES: list[Case] = [
    *[("secured", sent, want) for sent, want in LOGINS],
    *[(stage, sent, want) for stage in ("raw", "direct", "service") for sent, want in BEGINNINGS],
    *[("raw", sent, want) for sent, want in HEADERS],
    *[(stage, sent, want) for stage in ("open", "known", "bound", "component") for sent, want in XML],
    *[(stage, sent, want) for stage in ("open", "secured") for sent, want in STRANGERS],
    ("required", plain("\0ruth\0secret"), "failure:encryption-required"),
    ("required", "<message/>", "policy-violation"),
    ("required", f"<starttls xmlns='{TLS}'/><message/>", "policy-violation"),
    ("required", f"<starttls xmlns='{TLS}'/><mess", "policy-violation"),
    ("secured", scram("y,,n=ruth,r=abc"), "failure:not-authorized"),
    ("secured", scram("n,,n=ruth,r=abc", "SCRAM-SHA-1-PLUS"), "failure:malformed-request"),
    ("known", "<message to='b@localhost'/>", "not-authorized"),
    ("known", f"<iq type='get' id='1'><bind xmlns='{BIND}'/></iq>", "iq:bad-request"),
    (
        "known",
        f"<iq type='set' id='1'><bind xmlns='{BIND}'><resource>{'r' * 2000}</resource></bind></iq>",
        "iq:bad-request",
    ),
    *[("bound", sent, want) for sent, want in BOUND],
    ("service", SERVICE.replace(DOMAIN, "evil.example"), "host-unknown"),
    ("service", SERVICE.replace(DOMAIN, f"a@{DOMAIN}"), "improper-addressing"),
    ("service", SERVICE.replace(COMPONENT, CLIENT), "invalid-namespace"),
    ("service", SERVICE + "<handshake>0000</handshake>", "not-authorized"),
    ("service", SERVICE + "<handshake>\u00e9</handshake>", "not-authorized"),
    ("service", SERVICE + "<message/>", "not-authorized"),
    *[("component", sent, want) for sent, want in COMPONENTS_SAY],
]
