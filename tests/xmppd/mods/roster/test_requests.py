"""Requests that wait."""

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_presence
from xmppd.mods.roster import requests
from xmppd.mods.roster.tables import RosterItem

ROMEO, JULIET = JID.parse("romeo@localhost"), JID.parse("juliet@localhost")


def kept(text: str) -> RosterItem:
    return RosterItem("localhost", "juliet", "romeo@localhost", in_axis="pend", pending=text)


def test_kept_whole() -> None:
    stanza = make_presence(JULIET, el("nick", "n", None, "R <&>"), type_="subscribe", id_="1", from_=ROMEO)
    back = requests.from_record(kept(requests.to_text(stanza)), JULIET)
    assert back == stanza
    assert (back.from_, back.to) == (ROMEO, JULIET)


def test_of_a_large_one_only_the_request() -> None:
    stanza = make_presence(JULIET, el("x", "n", None, "x" * 9000), type_="subscribe", from_=ROMEO)
    text = requests.to_text(stanza)
    assert len(text) < 200
    assert requests.from_record(kept(text), JULIET).type == "subscribe"


def test_other_types_are_not_kept_and_a_lost_text_is_replaced() -> None:
    assert requests.to_text(make_presence(JULIET, type_="subscribed", from_=ROMEO)) == ""
    for lost in ("", "<presence", "no XML", "<a/><b/>"):
        back = requests.from_record(kept(lost), JULIET)
        assert back == make_presence(JULIET, type_="subscribe", from_=ROMEO)
        assert back.el.ns == ns.CLIENT
