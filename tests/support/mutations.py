"""mutations — stanzas of the modules as clients send them, and what becomes of one that is changed by chance.

`changed(chance, stanza)` drops, doubles, moves and renames elements, and puts words into attributes and texts that
nobody expects there. What comes out is always well-formed, has no namespace of the stream's, and no id of its own is
lost, so that whoever sends it gets an answer where one is due.
"""

from __future__ import annotations

import copy
from random import Random
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.support.hostile_modules import (
    BOOKMARKS,
    CARBONS,
    COMMANDS,
    DATA,
    MAM,
    PS,
    VCARD4,
    asks,
    block,
    command,
    enable,
    form,
    mam,
    prefs,
    private,
    ps,
    publish,
    rsm,
)
from tests.support.wire import CLIENT

WORDS: Final = (
    "",
    "²",
    "٣",
    "-1",
    "0",
    "1_0",
    "+5",
    "1e9",
    "9" * 400,
    str(2**63),
    str(2**64),
    " ",
    "\u00a0",
    "\u200b",
    "a/b",
    "/",
    "@",
    "a@",
    "@localhost",
    "localhost/",
    "localhost",
    "nobody@localhost",
    "pubsub.localhost",
    "x" * 3000,
    "e\u0301",
    "\U0001f339",
    "true",
    "perhaps",
    "\t\n",
    "null",
    "%s%d",
    "../..",
    "&<>\"'",
    "\u202eabc",
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "A" * 22 + "==",
    "=",
    f"{PS}#node_config",
    "set",
    "get",
    "result",
    "error",
    "max",
    "\ue000",
)
SPACES: Final = (CLIENT, "urn:x", "jabber:server", MAM, PS, f"{PS}#owner", DATA, "urn:xmpp:sid:0")
NAMES: Final = ("item", "a", "set", "x", "query", "error", "field", "value", "jid", "body")
ATTRIBUTES: Final = ("node", "jid", "id", "to", "type", "by", "sessionid", "action", "ver", "notify")
ITEM: Final = "<item id='1'><a xmlns='b'>t</a></item>"
CARD4: Final = (
    f"<vcard xmlns='{VCARD4}'><fn><text>A</text></fn><n><surname>X</surname><given>Y</given></n><photo><uri>"
    "data:image/png;base64,AAAA</uri></photo><bday><date>1990-01-01</date></bday><tel><parameters><type><text>work</text>"
    "</type></parameters><uri>tel:+1</uri></tel><adr><street>a</street></adr></vcard>"
)
CARD: Final = (
    "<vCard xmlns='vcard-temp'><FN>A</FN><N><FAMILY>x</FAMILY></N><PHOTO><TYPE>image/png</TYPE><BINVAL>iVBORw0KGgo="
    "</BINVAL></PHOTO><TEL><HOME/><NUMBER>1</NUMBER></TEL><ADR><STREET>s</STREET></ADR><BDAY>1990-01-01</BDAY></vCard>"
)
STORAGE: Final = (
    "<storage xmlns='storage:bookmarks'><conference jid='r@c.d' autojoin='1' name='n'><nick>n</nick></conference>"
    "</storage>"
)
MARKS: Final = (
    "<body>hi</body><thread>t</thread><stanza-id xmlns='urn:xmpp:sid:0' by='{other}' id='AAA'/><request xmlns="
    "'urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/><no-copy xmlns='urn:xmpp:hints'/>",
    "<displayed xmlns='urn:xmpp:chat-markers:0' id='q'/><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id "
    "xmlns='urn:xmpp:sid:0' by='{own}' id='AA'/></displayed>",
    "<retract xmlns='urn:xmpp:message-retract:1' id='AA'/><body>r</body>",
    f"<received xmlns='{CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='{CLIENT}' from='a@b' to='c@d'>"
    "<body>x</body></message></forwarded></received>",
    f"<event xmlns='{PS}#event'><items node='n'>{ITEM}</items></event>",
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='q@w'/></x>",
)
REPORT: Final = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text>t</text></report>"


def _of_nodes(to: str) -> list[tuple[str, str, str]]:
    config = form(
        f"{PS}#node_config",
        ("pubsub#access_model", "open"),
        ("pubsub#max_items", "10"),
        ("pubsub#persist_items", "1"),
        ("pubsub#send_last_published_item", "never"),
        ("pubsub#item_expire", "max"),
        ("pubsub#notify_retract", "1"),
    )
    options = form(f"{PS}#subscribe_options", ("pubsub#deliver", "1"), ("pubsub#expire", "2027-01-01T00:00:00Z"))
    sets = [
        ps(f"<create node='f'/><configure>{config}</configure>"),
        publish("f", ITEM, f"<publish-options>{config.replace('node_config', 'publish-options')}</publish-options>"),
        ps("<retract node='f' notify='true'><item id='1'/></retract>"),
        ps(f"<subscribe node='f' jid='{{own}}'/><options>{options}</options>"),
        ps("<unsubscribe node='f' jid='{own}' subid='x'/>"),
        ps(f"<configure node='f'>{config}</configure>", "#owner"),
        ps("<subscriptions node='f'><subscription jid='{other}' subscription='subscribed'/></subscriptions>", "#owner"),
        ps("<affiliations node='f'><affiliation jid='{other}' affiliation='publisher'/></affiliations>", "#owner"),
        ps("<purge node='f'/>", "#owner"),
        ps("<delete node='f'><redirect uri='xmpp:a'/></delete>", "#owner"),
    ]
    gets = [
        ps(
            "<items node='f' max_items='2'><item id='1'/></items>"
            "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max></set>"
        ),
        ps("<subscriptions node='f'/>"),
        ps("<affiliations/>"),
        ps("<options node='f' jid='{own}'/>"),
        ps("<configure node='f'/>", "#owner"),
        ps("<subscriptions node='f'/>", "#owner"),
        ps("<default/>", "#owner"),
        "<query xmlns='http://jabber.org/protocol/disco#items' node='f'/>",
    ]
    return [("set", to, one) for one in sets] + [("get", to, one) for one in gets]


IQS: Final[list[tuple[str, str, str]]] = [
    ("get", "", mam()),
    ("set", "", asks(("with", "{other}"), ("start", "2026-01-01T00:00:00Z"), ("ids", "AAAA"))),
    ("set", "", asks(("before-id", "AA"), ("after-id", "BB"))),
    ("set", "", rsm("<max>10</max><before/>")),
    ("set", "", prefs("default='roster'", "<always><jid>a@b.c</jid></always><never><jid>d@e.f</jid></never>")),
    *_of_nodes(""),
    *_of_nodes("pubsub.localhost"),
    *_of_nodes("{other}"),
    ("set", "", block(f"<item jid='m@x.y'>{REPORT}</item>")),
    ("set", "", block("<item jid='m@x.y'/>", "unblock")),
    ("get", "", block("", "blocklist")),
    ("set", "", enable("jid='p.x' node='a'", form(f"{PS}#publish-options", ("s", "t")))),
    ("set", "", enable("jid='p.x' node='a'", name="disable")),
    ("set", "", f"<enable xmlns='{CARBONS}'/>"),
    ("set", "", CARD4),
    ("get", "{other}", f"<vcard xmlns='{VCARD4}'/>"),
    ("get", "", f"<vcard xmlns='{VCARD4}'/>"),
    ("set", "", publish("urn:xmpp:vcard4", f"<item id='current'>{CARD4}</item>")),
    ("set", "", CARD),
    ("get", "", "<vCard xmlns='vcard-temp'/>"),
    ("get", "{other}", "<vCard xmlns='vcard-temp'/>"),
    (
        "set",
        "",
        publish(
            "urn:xmpp:avatar:metadata",
            "<item id='a'><metadata xmlns='urn:xmpp:avatar:metadata'>"
            "<info bytes='4' id='a' type='image/png'/></metadata></item>",
        ),
    ),
    (
        "set",
        "",
        publish("urn:xmpp:avatar:data", "<item id='a'><data xmlns='urn:xmpp:avatar:data'>dGVzdA==</data></item>"),
    ),
    (
        "set",
        "",
        publish(
            BOOKMARKS, f"<item id='r@c.d'><conference xmlns='{BOOKMARKS}' name='N'><nick>n</nick></conference></item>"
        ),
    ),
    ("set", "", private(STORAGE)),
    ("get", "", private("<storage xmlns='storage:bookmarks'/>")),
    ("set", "", publish("storage:bookmarks", f"<item id='current'>{STORAGE}</item>")),
    ("set", "localhost", command("node='http://jabber.org/protocol/admin#add-user' action='execute'")),
    ("get", "localhost", f"<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/>"),
    (
        "set",
        "",
        "<query xmlns='jabber:iq:roster'><item jid='x@y.z' name='n' approved='true'><group>g</group></item></query>",
    ),
    ("get", "", "<query xmlns='jabber:iq:roster' ver='1'/>"),
    ("get", "localhost", "<query xmlns='jabber:iq:last'/>"),
]


def requests(own: str, other: str) -> list[Element]:
    """Stanzas that the client of `own` may send; `other` is somebody's bare JID."""
    found = [
        f"<iq type='{type_}' id='q'" + (f" to='{to}'" if to else "") + f">{inner}</iq>" for type_, to, inner in IQS
    ]
    for type_ in ("chat", "normal", "headline", "groupchat", "error"):
        found += [f"<message type='{type_}' id='q' to='{{other}}'>{inner}</message>" for inner in MARKS]
    caps = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://x' ver='abc='/>"
    found.append(f"<presence id='q'><show>away</show><priority>1</priority>{caps}</presence>")
    for type_ in ("subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "unavailable"):
        found.append(f"<presence type='{type_}' id='q' to='{{other}}'><status>s</status>{caps}</presence>")
    full = [text.replace("{own}", own).replace("{other}", other) for text in found]
    return [ElementTree.fromstring(f"<x xmlns='{CLIENT}'>{text}</x>")[0] for text in full]


def changed(chance: Random, stanza: Element) -> str:
    """The stanza as text, with one, two or three changes."""
    root = copy.deepcopy(stanza)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _change(chance, root)
    return ElementTree.tostring(root, encoding="unicode")


def _change(chance: Random, root: Element) -> None:
    every = list(root.iter())
    one, parents = chance.choice(every), {child: parent for parent in every for child in parent}
    word, parent = chance.choice(WORDS), parents.get(one)
    match chance.randrange(9):
        case 0 if one.attrib and one is not root:
            one.set(chance.choice(list(one.attrib)), word)
        case 1 if one.attrib and one is not root:
            del one.attrib[chance.choice(list(one.attrib))]
        case 2:
            one.text = word
        case 3 if parent is not None:
            parent.remove(one)
        case 4 if parent is not None:
            parent.append(copy.deepcopy(one))
        case 5 if parent is not None:
            one.tag = f"{{{chance.choice(SPACES)}}}{one.tag.rpartition('}')[2]}"
        case 6 if parent is not None:
            one.set(chance.choice(ATTRIBUTES), word)
        case 7:
            one.append(copy.deepcopy(chance.choice(every[1:] or every)))
        case _:
            made = ElementTree.SubElement(one, f"{{{chance.choice(SPACES)}}}{chance.choice(NAMES)}")
            made.text = word
