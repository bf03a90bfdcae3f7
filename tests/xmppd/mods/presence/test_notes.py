"""The sets of a session, without processes."""

from xmpp_core.jid import JID
from xmppd.mods.presence.notes import MOST_DIRECTED, Notes

OWN = "romeo@localhost"


def loaded() -> Notes:
    notes = Notes()
    notes.load(({"juliet@localhost"}, {"nurse@localhost"}), OWN)
    notes.pres_a |= notes.pres_f
    return notes


def test_the_user_is_in_both_lists() -> None:
    notes = loaded()
    assert notes.pres_f == {OWN, "juliet@localhost"}
    assert notes.pres_t == {OWN, "nurse@localhost"}


def test_gaining_and_losing_from() -> None:
    notes = loaded()
    assert notes.change("nurse@localhost", "both")
    assert not notes.change("nurse@localhost", "both"), "told once"
    assert not notes.change("juliet@localhost", "to")
    assert notes.pres_f == {OWN, "nurse@localhost"}
    assert notes.pres_t == {OWN, "nurse@localhost", "juliet@localhost"}
    assert "juliet@localhost" not in notes.pres_a


def test_directed_presence_counts_only_beyond_the_roster() -> None:
    notes = loaded()
    assert notes.direct(JID.parse("juliet@localhost/j"))
    assert notes.directed == 0
    for i in range(MOST_DIRECTED):
        assert notes.direct(JID.parse(f"x{i}@localhost"))
    assert notes.direct(JID.parse("x0@localhost")), "the same one again"
    assert not notes.direct(JID.parse("more@localhost"))
    notes.take_back(JID.parse("x0@localhost"))
    assert notes.direct(JID.parse("more@localhost"))


def test_forgetting_names_all_who_were_told() -> None:
    notes = loaded()
    notes.direct(JID.parse("room@chat/romeo"))
    assert notes.forget() == ["juliet@localhost", OWN, "room@chat/romeo"]
    assert notes.forget() == []
    assert notes.pres_f, "who may see the user is the roster's business"
