"""test_executions — the commands that a session has begun: which end, and how it is told of.

Way:  xmppd.mods.adhoc.executions
"""

from __future__ import annotations

import pytest

from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd.mods.adhoc.executions import LIFETIME, MOST, Executions

HOST = JID.parse("localhost")


def condition(begun: Executions, id_: str, node: str = "user add", to: JID = HOST, now: float = 0.0) -> str:
    """The condition of our own with which the id is refused, "" if it is not."""
    try:
        begun.check(id_, node, to, now)
    except StanzaError as error:
        return error.app.name if error.app is not None else "none of our own"
    return ""


def test_one_that_waits_is_found_by_all_that_it_is() -> None:
    begun = Executions()
    id_ = begun.begin("user add", HOST, 0.0)
    assert condition(begun, id_) == ""
    assert condition(begun, id_, node="user del") == "bad-sessionid"
    assert condition(begun, id_, to=JID.parse("alice@localhost")) == "bad-sessionid"


@pytest.mark.parametrize("id_", ["", "x", "-1", "{word}-0", "{word}-2", "{word}-", "{word}-x", "{word}--1", "x-1"])
def test_what_was_never_given_is_no_session(id_: str) -> None:
    begun = Executions()
    begun.begin("user add", HOST, 0.0)
    assert condition(begun, id_.format(word=begun.word)) == "bad-sessionid"


def test_what_is_over_has_expired() -> None:
    begun = Executions()
    ended, late = begun.begin("user add", HOST, 0.0), begun.begin("user add", HOST, 0.0)
    begun.end(ended)
    assert condition(begun, ended) == "session-expired"
    assert condition(begun, late, now=LIFETIME - 0.1) == ""
    assert condition(begun, late, now=LIFETIME) == "session-expired"
    assert not begun.open
    assert condition(begun, begun.new_id()) == "session-expired"


def test_there_are_so_many_and_the_oldest_gives_way() -> None:
    begun = Executions()
    ids = [begun.begin("user add", HOST, 0.0) for _ in range(MOST + 1)]
    assert len(set(ids)) == MOST + 1
    assert [condition(begun, id_) for id_ in ids] == ["session-expired"] + [""] * MOST
    assert Executions().word != begun.word
