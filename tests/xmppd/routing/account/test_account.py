"""One account on one node: who stands in line, what modules keep, and when it is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12))
def test_the_line_is_in_the_order_in_which_it_was_sent_but_nothing_passes_what_has_begun(
    arrivals: list[tuple[int, bool]],
) -> None:
    account, begun = LiveAccount(JULIET, loaded=True), 0
    for stamp, begins in arrivals:
        account.line_up(stamp)
        if begins and begun < len(account.line):
            account.line[begun].begun = True  # the first that has not
            begun += 1
    waiting = list(account.line)[begun:]
    assert [turn.stamp for turn in waiting] == sorted(turn.stamp for turn in waiting)
    assert all(turn.begun for turn in list(account.line)[:begun]), "nothing has got before it"


def test_what_comes_late_but_was_sent_early_passes_those_who_have_not_begun() -> None:
    async def body() -> None:
        account, order, here = LiveAccount(JULIET, loaded=True), list[str](), LoopFuture[None]()

        async def later(turn: module.Turn, name: str) -> None:
            async with turn:
                await here
                await turn.come_first()
                turn.begun = True
                order.append(name)

        async def early(turn: module.Turn, name: str, turns: int) -> None:
            async with turn:
                for _ in range(turns):
                    await process.sleep(0)
                order.append(name)

        for name in ("later", "last"):
            process.spawn(later, account.line_up(), name)
        await process.sleep(0.01)
        for stamp, (name, turns) in enumerate((("first", 5), ("second", 0)), 1):
            process.spawn(early, account.line_up(stamp), name, turns)
        here.resolve(None)  # it has heard that all is here before that has had its turn
        await until(lambda: len(order) == 4)
        assert order == ["first", "second", "later", "last"]
        assert not account.line

    node.run(body)


def test_who_is_woken_and_finds_another_before_it_waits_again() -> None:
    async def body() -> None:
        account, order, inside = LiveAccount(JULIET, loaded=True), list[str](), set[str]()

        async def one(turn: module.Turn, name: str) -> None:
            async with turn:
                inside.add(name)
                for _ in range(4):
                    assert inside == {name}, "one at a time"
                    await process.sleep(0)
                inside.remove(name)
                order.append(name)

        async def first(turn: module.Turn) -> None:
            await one(turn, "begins")
            process.spawn(one, account.line_up(5), "comes between")  # who waits is woken, and has not run yet

        process.spawn(first, account.line_up(1))
        process.spawn(one, account.line_up(9), "waits")
        await until(lambda: len(order) == 3)
        assert order == ["begins", "comes between", "waits"]
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
