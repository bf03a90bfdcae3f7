"""What has been said is taken back, by a moderator, or by who has said it."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, CAT, DAN, Den, refused, short, three
from xmpp_core import ns
from xmpp_core.jid import JID
from xmpp_core.muc import moderating
from xmpp_core.muc.room import ArchivedTarget

NOW = f"<moderate xmlns='{ns.MODERATE}' id='id1'><retract xmlns='{ns.RETRACT}'/><reason>tea</reason></moderate>"
BEFORE = (
    f"<apply-to xmlns='{ns.FASTEN}' id='id1'><moderate xmlns='{ns.MODERATE_OLD}'>"
    "<retract xmlns='urn:xmpp:message-retract:0'/><reason>tea</reason></moderate></apply-to>"
)


def talk() -> Den:
    """Bob has said something, which is message `target` of the archive."""
    den = three()
    den.say(BOB, "rude")
    assert den.room is not None
    den.target = ArchivedTarget(den.kept[0].seq, den.room.occupant_id(JID.parse("bob@l")))
    den.forget()
    return den


@pytest.mark.parametrize("wish", [NOW, BEFORE])
def test_a_moderator_takes_back_and_all_are_told_in_both_languages(wish: str) -> None:
    den = talk()
    own = den.ask(ANN, wish, "set")
    assert short(own) == ["result", "groupchat"]
    [told] = den.told(CAT)
    assert told.get("from") == "den@conference.l"
    retract, old = told.child("retract", ns.RETRACT), told.child("apply-to", ns.FASTEN)
    assert retract is not None
    assert old is not None
    assert (retract.get("id"), retract.child_text("reason"), old.get("id")) == ("id1", "tea", "id1")
    by = retract.child("moderated", ns.MODERATE)
    assert by is not None
    assert by.get("by") == "den@conference.l/ann"
    assert den.room is not None
    assert den.room.history == (), "nobody is shown it any more"
    [gone] = den.taken_back
    assert gone.tombstone.name == "retracted"
    assert gone.tombstone.child("moderated", ns.MODERATE) is not None
    assert [said.message.child("retract", ns.RETRACT) is not None for said in den.kept] == [True]


def test_who_may_not() -> None:
    den = talk()
    for jid in (BOB, CAT, DAN):
        refused("forbidden", den.ask, jid, NOW, "set")
    den.target = None
    refused("item-not-found", den.ask, ANN, NOW, "set")
    assert den.taken_back == []


def test_one_takes_back_what_is_ones_own_and_nothing_else() -> None:
    den = talk()
    mark = f"<retract xmlns='{ns.RETRACT}' id='id1'/>"
    den.say(CAT, "fallback", mark)
    assert den.taken_back == []
    den.say(BOB, "fallback", mark)
    [gone] = den.taken_back
    assert gone.tombstone.child("moderated", ns.MODERATE) is None
    assert den.room is not None
    assert den.room.history == ()
    assert len(den.told(CAT)) == 1, "all are told, as of each message"


@pytest.mark.parametrize(
    "payload",
    [
        f"<moderate xmlns='{ns.MODERATE}' id='x'/>",
        f"<apply-to xmlns='{ns.FASTEN}' id='x'><other xmlns='urn:x'/></apply-to>",
        "<query xmlns='urn:x'/>",
    ],
)
def test_what_is_no_wish(payload: str) -> None:
    refused("service-unavailable", talk().ask, ANN, payload, "set")
    assert moderating.asked(None) is None
