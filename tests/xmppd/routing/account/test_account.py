"""One account on one node: who stands in line, what modules keep, and when it is gone."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.future import LoopFuture
from tests.support import node
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.routing.account import account as module
from xmppd.routing.account.account import ACCOUNTS, AccountState, LiveAccount, account_of, forget

JULIET = JID.parse("juliet@localhost")


def test_one_at_a_time_in_the_order_in_which_they_came() -> None:
    async def body() -> None:
        account, order = LiveAccount(JULIET, loaded=True), list[str]()

        async def one(name: str, turns: int, turn: module.Turn) -> None:
            async with turn:
                for _ in range(turns):
                    await process.sleep(0)
                order.append(name)

        for name, turns in (("a", 5), ("b", 0), ("c", 2)):
            process.spawn(one, name, turns, account.line_up())
        await until(lambda: len(order) == 3)
        assert order == ["a", "b", "c"]
        assert not account.line

    node.run(body)


def test_one_that_is_killed_in_its_turn_holds_nobody_up() -> None:
    async def body() -> None:
        account, done = LiveAccount(JULIET, loaded=True), list[str]()

        async def sleeper(turn: module.Turn) -> None:
            async with turn:
                await process.sleep(1000)

        async def next_one(turn: module.Turn) -> None:
            async with turn:
                done.append("next")

        pid = process.spawn(sleeper, account.line_up())
        process.spawn(next_one, account.line_up())
        await process.sleep(0.01)
        assert done == []
        process.exit_(pid, "kill")
        await until(lambda: done == ["next"])

    node.run(body)


def test_what_comes_late_but_was_sent_early_passes_those_who_wait_for_it() -> None:
    async def body() -> None:
        account, order, here = LiveAccount(JULIET, loaded=True), list[str](), LoopFuture[None]()

        async def until_here() -> None:
            await here

        async def later(turn: module.Turn, name: str) -> None:
            async with turn:
                await turn.let_early_ones_pass(until_here())
                order.append(name)

        async def early(turn: module.Turn, name: str, turns: int) -> None:
            async with turn:
                for _ in range(turns):
                    await process.sleep(0)
                order.append(name)

        for name in ("later", "last"):
            process.spawn(later, account.line_up(), name)
        await process.sleep(0.01)
        for name, turns in (("first", 5), ("second", 0)):
            process.spawn(early, account.line_up(early=True), name, turns)
        here.resolve(None)  # it has heard that all is here before that has had its turn
        await until(lambda: len(order) == 4)
        assert order == ["first", "second", "later", "last"]
        assert not account.line

    node.run(body)


def test_two_that_load_it_at_once_both_find_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def slow(owner: JID) -> str:
            for _ in range(5):
                await process.sleep(0)
            return "kept"

        states = [AccountState(name, slow) for name in ("one", "two", "three")]
        monkeypatch.setattr(module, "declared", lambda host: states)
        account, found = LiveAccount(JULIET), list[str]()

        async def use() -> None:
            await account.load()
            found.extend(state.of(account) for state in states)

        for turns in (3, 7, 11, 0):
            process.spawn(use)
            for _ in range(turns):
                await process.sleep(0)
        await until(lambda: len(found) == 12)

    node.run(body)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is taken and never entered, as by a process that was killed before it began, is given up."""
    monkeypatch.setattr(module, "PATIENCE", 0.02)

    async def body() -> None:
        account = LiveAccount(JULIET, loaded=True)
        account.line_up()
        mine, order = account.line_up(), list[str]()
        async with mine:
            order.append("mine")
        async with account.line_up():
            order.append("after")
        assert order == ["mine", "after"]
        assert not account.line

    node.run(body)


def test_what_is_kept_is_loaded_once_however_many_ask_and_again_when_it_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored, loads = ["one"], list[str]()

    async def load(owner: JID) -> str:
        loads.append(owner.bare)
        found = stored[0]
        await process.sleep(0)
        return found

    state: AccountState[str] = AccountState("words", load)
    monkeypatch.setattr(module, "declared", lambda host: [state])

    async def body() -> None:
        module.begin()
        account = account_of(JULIET)
        with pytest.raises(LookupError):
            state.of(account)
        assert await state.get(JULIET) == "one"
        assert await state.get(JULIET) == "one"
        assert loads == [JULIET.bare]
        stored[0] = "two"
        forget(JULIET.bare)
        assert await state.get(JULIET) == "two"
        reading = process.spawn(state.get, JULIET)
        forget("")
        asked = process.spawn_monitor(state.get, JULIET)
        await process.sleep(0)
        stored[0] = "three"
        forget(JULIET.bare)  # while it is read: what was read is not what is so now
        await until(lambda: not process.is_alive(asked[0]))
        assert not process.is_alive(reading)
        assert state.of(account) == "three"
        del account
        assert JULIET.bare not in ACCOUNTS, "nobody holds it"

    node.run(body)
