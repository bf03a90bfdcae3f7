"""A session as a value crosses between nodes, and does not say what it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts.pid import intern
from otp.kernel import codec
from xmpp_core.jid import JID
from xmpp_core.stanza import make_presence
from xmppd.routing import wire  # noqa: F401 - for what it registers
from xmppd.routing.saved_session import SavedSession, Surrender
from xmppd.routing.session import Session

JULIET = JID.parse("juliet@localhost/j")
states = st.dictionaries(
    st.text(max_size=8),
    st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3)),
    max_size=4,
)


@given(states, st.one_of(st.none(), st.integers(-128, 127)), st.booleans())
def test_there_and_back(found: dict[str, object], priority: int | None, interested: bool) -> None:
    saved = SavedSession(JULIET, "an id", (1, 2), "en", False, (("ip", "::1"),), "phone", priority, interested)
    whole = SavedSession(JULIET, "an id", states=found | {"mod_presence": {"last": make_presence(None)}})
    for one in (saved, whole):
        assert SavedSession.decode(one.encode()) == one
        assert codec.decode(codec.encode(one)) == one


@given(st.binary(max_size=60))
def test_other_octets_are_no_session(data: bytes) -> None:
    with pytest.raises((codec.MalformedFrame, codec.UnknownClass)):
        SavedSession.decode(data)


def test_another_value_is_no_session() -> None:
    with pytest.raises(codec.MalformedFrame, match="no session"):
        SavedSession.decode(codec.encode(JULIET))


def test_it_is_printed_without_what_resumes_it() -> None:
    saved = SavedSession(JULIET, "secret", states={"m": "secret"})
    asked = Surrender(intern("w9", 1, 1), "secret")
    assert "secret" not in f"{saved!r} {asked!r}"


def test_it_is_asked_for_by_its_id_and_no_other() -> None:
    row = Session(JULIET, intern("w9", 1, 1), (1, 1), stream_id="ü")
    assert Surrender(row.pid, "ü").is_for(row)
    assert not Surrender(row.pid, "u").is_for(row)
    assert not Surrender(row.pid, "").is_for(row._replace(stream_id=""))
