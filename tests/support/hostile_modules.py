"""hostile_modules — requests that no decent client makes of a module, as tables: (type, to, payload, what must come).

What must come: a condition of RFC 6120 §8.3.3, several with "|" between them where the XEP leaves it open, or "" for a
result. Each is an IQ; the stream goes on after it, and nothing in the log says that the server failed.
"""

from __future__ import annotations

from typing import Final

MAM, PS, PUSH, BLOCK = "urn:xmpp:mam:2", "http://jabber.org/protocol/pubsub", "urn:xmpp:push:0", "urn:xmpp:blocking"
CARBONS, VCARD4, COMMANDS = (
    "urn:xmpp:carbons:2",
    "urn:ietf:params:xml:ns:vcard-4.0",
    "http://jabber.org/protocol/commands",
)
EXTDISCO, DATA, BOOKMARKS = "urn:xmpp:extdisco:2", "jabber:x:data", "urn:xmpp:bookmarks:1"
HUGE, NINES = "x" * 60_000, "9" * 5_000
Request = tuple[str, str, str, str]


def form(form_type: str, *fields: tuple[str, str], kind: str = "submit") -> str:
    more = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in fields)
    return f"<x xmlns='{DATA}' type='{kind}'><field var='FORM_TYPE'><value>{form_type}</value></field>{more}</x>"


def mam(inner: str = "", attrs: str = "") -> str:
    return f"<query xmlns='{MAM}' {attrs}>{inner}</query>"


def rsm(inner: str) -> str:
    return mam(f"<set xmlns='http://jabber.org/protocol/rsm'>{inner}</set>")


def asks(*fields: tuple[str, str]) -> str:
    return mam(form(MAM, *fields))


def prefs(attrs: str, inner: str = "") -> str:
    return f"<prefs xmlns='{MAM}' {attrs}>{inner}</prefs>"


def ps(inner: str, part: str = "") -> str:
    return f"<pubsub xmlns='{PS}{part}'>{inner}</pubsub>"


def publish(node: str, item: str, options: str = "") -> str:
    return ps(f"<publish node='{node}'>{item}</publish>{options}")


def private(inner: str) -> str:
    return f"<query xmlns='jabber:iq:private'>{inner}</query>"


def block(inner: str, name: str = "block") -> str:
    return f"<{name} xmlns='{BLOCK}'>{inner}</{name}>"


def enable(attrs: str, inner: str = "", name: str = "enable") -> str:
    return f"<{name} xmlns='{PUSH}' {attrs}>{inner}</{name}>"


def command(attrs: str) -> str:
    return f"<command xmlns='{COMMANDS}' {attrs}/>"


ITEM: Final = "<item id='1'><a xmlns='b'/></item>"
ADD_USER: Final = "node='http://jabber.org/protocol/admin#add-user'"
OTHERS: Final = "forbidden|not-allowed|service-unavailable"


def _all(type_: str, to: str, want: str, *payloads: str) -> list[Request]:
    return [(type_, to, payload, want) for payload in payloads]


ARCHIVE: list[Request] = [
    *_all(
        "set",
        "",
        "bad-request",
        rsm("<max>-1</max>"),
        rsm("<max>ten</max>"),
        rsm("<max>²</max>"),
        rsm("<max>٣</max>"),
        rsm("<max>1_0</max>"),
        rsm(f"<max>{NINES}</max>"),
        rsm("<max>5</max><index>x</index>"),
        asks(("with", "@@")),
        asks(("start", "yesterday")),
        asks(("start", "0000-00-00T00:00:00Z")),
        asks(("end", "2026-02-30T00:00:00Z")),
        asks(("end", "0001-01-01T00:00:00+23:59")),
        asks(("FORM_TYPE", "twice")),
        mam(form("other")),
        mam(form(MAM, kind="cancel")),
        mam(f"<x xmlns='{DATA}'/>"),
        mam(attrs=f"queryid='{'q' * 3000}'"),
        prefs("default='perhaps'"),
        prefs(""),
    ),
    *_all(
        "set",
        "",
        "item-not-found",
        rsm("<max>5</max><after>none</after>"),
        rsm(f"<before>{HUGE}</before>"),
        asks(("ids", "none")),
        asks(("ids", "")),
        asks(("before-id", "none")),
        mam(attrs="node='n'"),
    ),
    *_all("set", "", "feature-not-implemented", rsm("<max>5</max><index>3</index>"), asks(("moon", "full"))),
    *_all(
        "set",
        "",
        "jid-malformed",
        prefs("default='always'", "<always><jid>@@</jid></always>"),
        prefs("default='always'", "<never><jid/></never>"),
    ),
    *_all("set", "", "", asks(("start", "1960-01-01T00:00:00Z")), asks(("end", "9999-12-31T23:59:59Z"))),
    *_all("get", "{other}", OTHERS, mam(), prefs("")),
    *_all("set", "nobody@localhost", OTHERS, mam()),
    ("set", "", "<query xmlns='urn:xmpp:mam:1'/>", "service-unavailable"),
]


def nodes(to: str) -> list[Request]:
    """Of an account ("") or of the service."""
    config = f"{PS}#node_config"

    def create(field: str, value: str) -> str:
        return ps(f"<create node='never'/><configure>{form(config, (field, value))}</configure>")

    return [
        *_all(
            "get",
            to,
            "bad-request|feature-not-implemented",
            ps(""),
            ps("<items/>"),
            publish("n", ITEM),
            ps("<frobnicate/>"),
        ),
        *_all(
            "set",
            to,
            "bad-request",
            ps(""),
            ps("", "#owner"),
            ps(f"<publish>{ITEM}</publish>"),
            publish("", ITEM),
            publish("n", "<item id='1'><a xmlns='b'/><a xmlns='b'/></item>"),
            publish("n", "<item xmlns='z'/>"),
            publish("n", ITEM).replace("</pubsub>", "<retract node='n'><item id='1'/></retract></pubsub>"),
            publish("n", ITEM, "<publish-options/>"),
            publish("n", ITEM, f"<publish-options>{form('z')}</publish-options>"),
            ps("<delete/>", "#owner"),
            ps("<subscribe node='n'/>"),
            ps("<subscribe node='n' jid='bob@localhost'/>"),
        ),
        *_all(
            "set",
            to,
            "not-acceptable|bad-request",
            publish("n" * 50_000, ITEM),
            publish("n", f"<item id='{HUGE}'><a xmlns='b'/></item>"),
            create("pubsub#access_model", "secret"),
            create("pubsub#max_items", "-3"),
            create("pubsub#max_items", NINES),
            create("pubsub#max_items", "²"),
            create("pubsub#persist_items", "perhaps"),
        ),
        *_all("get", to, "item-not-found", ps("<items node='none'/>"), ps("<configure node='none'/>", "#owner")),
        *_all(
            "set",
            to,
            "item-not-found",
            ps("<retract node='none'><item id='1'/></retract>"),
            ps("<delete node='none'/>", "#owner"),
            ps("<purge node='none'/>", "#owner"),
            ps("<subscribe node='none' jid='{bare}'/>"),
            ps("<unsubscribe node='none' jid='{bare}'/>"),
        ),
    ]


OTHER: list[Request] = [
    *_all("set", "", "bad-request", block(""), block("<foo/>"), block("<item xmlns='z' jid='a@b.c'/>")),
    *_all(
        "set",
        "",
        "bad-request|jid-malformed",
        block("<item/>"),
        block("<item jid='@@'/>"),
        block("<item jid=''/>"),
        block(f"<item jid='{HUGE}@b'/>"),
        block("<item jid='@@'/>", "unblock"),
    ),
    ("get", "", block("<item jid='a@b.c'/>"), "bad-request|feature-not-implemented"),
    *_all(
        "set",
        "{other}",
        OTHERS,
        block("<item jid='a@b.c'/>"),
        f"<enable xmlns='{CARBONS}'/>",
        enable("jid='p.x' node='n'"),
        f"<vcard xmlns='{VCARD4}'/>",
        "<vCard xmlns='vcard-temp'/>",
    ),
    *_all("set", "", "bad-request|jid-malformed", enable(""), enable("jid='@@' node='n'"), enable("", name="disable")),
    *_all("set", "", "not-allowed", enable("jid='localhost' node='n'"), enable("jid='{other}' node='n'")),
    *_all(
        "set",
        "",
        "not-acceptable",
        enable(f"jid='p.x' node='{HUGE}'"),
        enable("jid='p.x' node='n'", form(f"{PS}#publish-options", ("secret", HUGE))),
    ),
    *_all(
        "get", "", "bad-request|feature-not-implemented", enable("jid='p.x' node='n'"), f"<enable xmlns='{CARBONS}'/>"
    ),
    *_all("set", "", "service-unavailable", f"<frob xmlns='{CARBONS}'/>", "<active xmlns='urn:xmpp:csi:0'/>"),
    *_all(
        "get", "", "not-acceptable|bad-request", private(""), private("<a xmlns='b'/><a xmlns='b'/>"), private("<a/>")
    ),
    *_all(
        "set",
        "",
        "",
        private("<storage xmlns='storage:bookmarks'><conference/><conference jid='@@'/><z/></storage>"),
        "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>é!</BINVAL></PHOTO></vCard>",
        publish(
            "urn:xmpp:avatar:metadata",
            "<item id='../..'><metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='²'/></metadata></item>",
        ),
        publish(
            BOOKMARKS,
            f"<item id='@@'><conference xmlns='{BOOKMARKS}' autojoin='perhaps'><nick/><nick/></conference></item>",
        ),
        publish(
            "urn:xmpp:vcard4", f"<item><vcard xmlns='{VCARD4}'><fn><uri/></fn><n/><bday><text/></bday></vcard></item>"
        ),
    ),
    ("get", "", private("<storage xmlns='storage:bookmarks'/>"), ""),
    *_all("set", "localhost", "bad-request|item-not-found", command(""), command("node='none'")),
    *_all(
        "set",
        "localhost",
        "bad-request|forbidden",
        command(ADD_USER),
        command(f"{ADD_USER} action='dance'"),
        command(f"{ADD_USER} sessionid='none' action='complete'"),
    ),
    *_all("set", "localhost", "feature-not-implemented|service-unavailable", f"<services xmlns='{EXTDISCO}'/>"),
    *_all("get", "localhost", "bad-request|service-unavailable", f"<credentials xmlns='{EXTDISCO}'/>"),
    *_all("get", "localhost", "item-not-found", "<query xmlns='http://jabber.org/protocol/disco#info' node='none'/>"),
]

REQUESTS: dict[str, list[Request]] = {
    "archive": ARCHIVE,
    "account's nodes": nodes(""),
    "service's nodes": nodes("pubsub.localhost"),
    "others": OTHER,
}
