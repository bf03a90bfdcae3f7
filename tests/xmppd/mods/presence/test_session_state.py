"""The sets of a session, without processes."""

from xmpp_core.jid import JID
from xmppd.mods.presence.session_state import MOST_DIRECTED, PresenceState

OWN = "romeo@localhost"


def loaded() -> PresenceState:
    state = PresenceState()
    state.load(({"juliet@localhost"}, {"nurse@localhost"}), OWN)
    state.pres_a |= state.pres_f
    return state


def test_the_user_is_in_both_lists() -> None:
    state = loaded()
    assert state.pres_f == {OWN, "juliet@localhost"}
    assert state.pres_t == {OWN, "nurse@localhost"}


def test_gaining_and_losing_from() -> None:
    state = loaded()
    assert state.change("nurse@localhost", "both")
    assert not state.change("nurse@localhost", "both"), "told once"
    assert not state.change("juliet@localhost", "to")
    assert state.pres_f == {OWN, "nurse@localhost"}
    assert state.pres_t == {OWN, "nurse@localhost", "juliet@localhost"}
    assert "juliet@localhost" not in state.pres_a


def test_directed_presence_counts_only_beyond_the_roster() -> None:
    state = loaded()
    assert state.direct(JID.parse("juliet@localhost/j"))
    assert state.directed == 0
    for i in range(MOST_DIRECTED):
        assert state.direct(JID.parse(f"x{i}@localhost"))
    assert state.direct(JID.parse("x0@localhost")), "the same one again"
    assert not state.direct(JID.parse("more@localhost"))
    state.take_back(JID.parse("x0@localhost"))
    assert state.direct(JID.parse("more@localhost"))


def test_forgetting_names_all_who_were_told() -> None:
    state = loaded()
    state.direct(JID.parse("room@chat/romeo"))
    assert state.forget() == ["juliet@localhost", OWN, "room@chat/romeo"]
    assert state.forget() == []
    assert state.pres_f, "who may see the user is the roster's business"
