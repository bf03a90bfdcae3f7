"""held — what is held back, and who is remembered, is bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support import node
from xmpp_core.jid import JID
from xmppd.mods import mod_strangers
from xmppd.mods.strangers import held
from xmppd.mods.strangers.held import HELD, MOST_SPOKEN, SPOKEN, Acquaintances
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.testing.server import serve

OWNER = JID.parse("juliet@localhost")


def in_one(fn: Callable[[Tx], Any]) -> None:
    async def body() -> None:
        async with serve(modules={mod_strangers.__name__.rpartition(".")[2]: True}):
            await store.transaction(fn)

    node.run(body)


def test_there_is_room_for_few_of_one_and_for_some_of_all() -> None:
    def fn(tx: Tx) -> None:
        taken = [held.hold(tx, OWNER, who, "<m/>", 1, 3, 2) for who in ("a@x", "a@x", "a@x", "b@x", "c@x")]
        assert taken == [True, True, False, True, False]
        assert [(row.contact, row.number) for row in held.speak(tx, OWNER, "a@x", 2)] == [("a@x", 1), ("a@x", 2)]
        held.hold(tx, OWNER, "d@x", "<m/>", 10, 9, 9)
        held.drop_old(tx, "localhost", "juliet", 5)
        assert [row.contact for row in tx.select(HELD, ("localhost", "juliet"))] == ["d@x"]

    in_one(fn)


def test_of_those_to_whom_an_account_has_spoken_the_oldest_is_forgotten() -> None:
    def fn(tx: Tx) -> None:
        for number in range(MOST_SPOKEN + 3):
            held.speak(tx, OWNER, f"{number}@x", number)
        rows = tx.select(SPOKEN, ("localhost", "juliet"))
        assert len(rows) == MOST_SPOKEN
        assert min(row.since for row in rows) == 3

    in_one(fn)


def test_requests_are_counted_for_a_while() -> None:
    known = Acquaintances()
    assert [known.ask(100.0, 2, 3600) for _ in range(3)] == [True, True, False]
    assert known.ask(3701.0, 2, 3600)
