"""Occupants whose sessions are gone without a word."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, ROOM, codes, three
from xmpp_core import ns
from xmpp_core.muc.ghosts import GONE


@pytest.mark.parametrize("kind", ["message", "presence"])
@pytest.mark.parametrize("condition", sorted(GONE))
def test_an_error_that_says_that_nobody_is_there_removes_the_occupant(kind: str, condition: str) -> None:
    den = three()
    error = f"<error type='cancel'><{condition} xmlns='{ns.STANZAS}'/></error>"
    den.send(BOB, f"<{kind} type='error' to='{ROOM}/ann'>{error}</{kind}>")
    [told] = den.told(ANN)
    assert (told.get("from"), told.get("type"), codes(told)) == (f"{ROOM}/bob", "unavailable", [333])
    assert den.room is not None
    assert "bob" not in den.room.occupants


def test_other_errors_and_those_of_strangers_change_nothing() -> None:
    den = three()
    before = den.room
    for jid, condition in ((BOB, "not-acceptable"), ("dan@l/4", "gone")):
        error = f"<error type='cancel'><{condition} xmlns='{ns.STANZAS}'/></error>"
        den.send(jid, f"<message type='error' to='{ROOM}'>{error}</message>")
    assert den.room == before
    assert den.told(ANN) == []
