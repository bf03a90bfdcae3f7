"""test_rules — which messages an archive keeps."""

from __future__ import annotations

import pytest

from xmpp_core import ns, parser
from xmppd.archive import rules


def is_kept(inside: str, type_: str = "chat") -> bool:
    message = parser.parse_written(f"<message xmlns='{ns.CLIENT}' type='{type_}'>{inside}</message>")
    return rules.is_kept(type_, rules.look(message.children))


BODY = "<body>hi</body>"
FORWARDED = f"<forwarded xmlns='{ns.FORWARD}'/>"


@pytest.mark.parametrize(
    "inside",
    [
        BODY,
        "<subject>tea</subject>",
        f"<received xmlns='{ns.RECEIPTS}' id='1'/>",
        f"<displayed xmlns='{ns.MARKERS}' id='1'/>",
        f"<reactions xmlns='{ns.REACTIONS}' id='1'/>",
        f"<retract xmlns='{ns.RETRACT}' id='1'/>",
        f"<propose xmlns='{ns.JINGLE_MESSAGE}' id='1'/>",
        f"<invite xmlns='{ns.CALL_INVITES}'/>",
        f"<encrypted xmlns='{ns.OMEMO_OLD}'/>",
        f"<encrypted xmlns='{ns.OMEMO}'/>",
        f"<x xmlns='{ns.ENCRYPTED}'/>",
        f"<x xmlns='{ns.INVITE}' jid='room@rooms'/>",
        f"<x xmlns='{ns.MUC_USER}'><invite from='a@b'/></x>",
        f"<composing xmlns='{ns.CHATSTATES}'/><store xmlns='{ns.HINTS}'/>",
        f"{BODY}<private xmlns='{ns.CARBONS}'/><no-copy xmlns='{ns.HINTS}'/>",
    ],
)
def test_what_somebody_wants_later(inside: str) -> None:
    assert is_kept(inside)
    assert is_kept(inside, "normal")
    for type_ in ("error", "groupchat", "headline"):
        assert not is_kept(inside, type_)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        f"<composing xmlns='{ns.CHATSTATES}'/>",
        f"{BODY}<no-store xmlns='{ns.HINTS}'/>",
        f"{BODY}<no-permanent-store xmlns='{ns.HINTS}'/>",
        f"{BODY}<store xmlns='{ns.HINTS}'/><no-store xmlns='{ns.HINTS}'/>",
        f"<event xmlns='{ns.PUBSUB_EVENT}'/>{BODY}",
        f"<sent xmlns='{ns.CARBONS}'>{FORWARDED}</sent>",
        f"<received xmlns='{ns.CARBONS}'>{FORWARDED}</received>",
        f"<result xmlns='{ns.MAM}' id='1'>{FORWARDED}</result>",
        f"<x xmlns='{ns.MUC_USER}'><status code='104'/></x>",
        f"<stanza-id xmlns='{ns.STANZA_ID}' id='1' by='a@b'/>",
    ],
)
def test_what_nobody_does(inside: str) -> None:
    assert not is_kept(inside)


def test_marks_and_retractions_are_seen() -> None:
    marked = parser.parse_written(f"<message xmlns='{ns.CLIENT}'><stanza-id xmlns='{ns.STANZA_ID}'/></message>")
    assert rules.look(marked.children) == rules.MARKED
    origin = parser.parse_written(f"<message xmlns='{ns.CLIENT}'><origin-id xmlns='{ns.STANZA_ID}'/></message>")
    assert rules.look(origin.children) == 0
    text = f"<message xmlns='{ns.CLIENT}'><retract xmlns='{ns.RETRACT}' id='7'/></message>"
    retracting = parser.parse_written(text)
    assert rules.look(retracting.children) & rules.RETRACTS
    assert rules.retracted(retracting) == "7"
    assert rules.retracted(marked) == ""
