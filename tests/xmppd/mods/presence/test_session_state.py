"""The sets of a session, without processes."""

from datetime import UTC, datetime

from otp.kernel import codec
from xmpp_core.jid import JID
from xmpp_core.stanza import make_presence
from xmppd.mods.presence.session_state import MOST_DIRECTED, PresenceState
from xmppd.routing import wire  # noqa: F401 - for what it registers

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


def test_in_another_process_it_is_as_it_was() -> None:
    state = loaded()
    state.last, state.since = make_presence(None), datetime(2026, 1, 2, tzinfo=UTC)
    state.direct(JID.parse("room@chat/romeo"))
    again = PresenceState()
    again.restore(codec.decode(codec.encode(state.saved())), ({"juliet@localhost", "new@localhost"}, set()), OWN)
    assert again.pres_a == {OWN, "juliet@localhost", "new@localhost", "room@chat/romeo"}
    assert (again.last, again.since, again.directed, again.loaded) == (state.last, state.since, 1, True)
    unloaded = PresenceState()
    unloaded.restore(state.saved(), None, OWN)
    assert (unloaded.pres_a, unloaded.loaded, unloaded.last) == ({"room@chat/romeo"}, False, state.last)


def test_directed_presence_alone_is_found_again() -> None:
    state = PresenceState()
    state.direct(JID.parse("room@chat/romeo"))
    again = PresenceState()
    again.restore(state.saved(), ({"juliet@localhost"}, set()), OWN)
    assert (again.forget(), again.pres_f) == (["room@chat/romeo"], {OWN, "juliet@localhost"})
