"""Who does not stand in line is called back: when all is safe, in the order in which it asked, and not before."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from tests.support import node
from tests.support.node import until
from xmpp_core.element import Element
from xmpp_core.stanza import Message
from xmppd.routing import durability, safe_rounds, unconfirmed
from xmppd.routing.deliver import Confirm, Deliver
from xmppd.routing.durability import CONFIRMING, CROWDED, PENDING
from xmppd.routing.unconfirmed import COPIES


class Receiver(GenServer[list[Any]]):
    """Answers nobody until it is told to."""

    def init(self, waiting: list[Any]) -> list[Any]:
        return waiting

    def handle_call(self, request: object, from_: Any, state: list[Any]) -> Any:
        state.append(from_)
        return NoReply(state)


class Writer(GenServer[list[Confirm]]):
    """Calls nobody back until it is told to."""

    def init(self, asked: list[Confirm]) -> list[Confirm]:
        CONFIRMING.add(process.self_())
        return asked

    def handle_info(self, message: Any, state: list[Confirm]) -> Any:
        state.append(message)
        return NoReply(state)


def deliver(number: int) -> Deliver:
    return Deliver(Message(Element("message", "jabber:client", {"id": str(number)})))


async def receiver(waiting: list[Any]) -> Pid:
    unconfirmed.begin()
    pid = await gen_server.start(Receiver, waiting)
    assert pid is not None
    return pid


def answer(waiting: list[Any]) -> None:
    for from_ in waiting:
        gen_server.reply(from_, None)
    waiting.clear()


def test_who_asks_while_a_round_runs_is_told_by_the_next() -> None:
    async def body() -> None:
        told: list[str] = []
        safe_rounds.when_safe(lambda: told.append("nothing to wait for"))
        assert told == ["nothing to wait for"]
        safe_rounds.begin()
        waiting: list[Any] = []
        pid = await receiver(waiting)
        unconfirmed.keep(pid, deliver(1))
        safe_rounds.when_safe(lambda: told.append("first"))
        await until(lambda: len(waiting) == 1)
        unconfirmed.keep(pid, deliver(2))
        safe_rounds.when_safe(lambda: told.append("second"))
        answer(waiting)
        await until(lambda: len(told) > 1)
        assert told[1:] == ["first"]
        await until(lambda: len(waiting) == 1)
        assert COPIES[process.self_()].count == 1, "what came while it was asked is asked for again"
        answer(waiting)
        await until(lambda: told[1:] == ["first", "second"])
        assert durability.is_safe(process.self_())

    node.run(body)


def test_what_is_not_safe_in_time_is_waited_for_again_or_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "PATIENCE", 0.02)

    async def body() -> None:
        told: list[str] = []
        safe_rounds.begin()
        waiting: list[Any] = []
        pid = await receiver(waiting)
        unconfirmed.keep(pid, deliver(1))
        safe_rounds.when_safe(lambda: told.append("an acknowledgement"))
        safe_rounds.when_safe(lambda: told.append("never"), lambda: told.append("an error"))
        await until(lambda: told == ["an error"])
        monkeypatch.setattr(durability, "PATIENCE", 30.0)
        process.spawn(_answer_on, waiting)
        await until(lambda: told == ["an error", "an acknowledgement"])

    node.run(body)


def test_many_are_asked_at_once_and_one_that_died_without_a_word_is_known() -> None:
    async def body() -> None:
        safe_rounds.begin()
        waiting: list[Any] = []
        pids = [await receiver(waiting) for _ in range(20)]
        for pid in pids:
            unconfirmed.keep(pid, deliver(1))
        process.spawn(_answer_all, waiting, 20)
        await durability.flush()
        assert not COPIES
        durability.add_pending(pids[0])
        process.exit_(pids[0], "kill")
        with pytest.raises(CallError):
            await durability.flush()

    node.run(body)


async def _answer_on(waiting: list[Any]) -> None:
    while True:
        answer(waiting)
        await process.sleep(0.01)


async def _answer_all(waiting: list[Any], number: int) -> None:
    await until(lambda: len(waiting) == number)
    answer(waiting)


def test_who_sends_much_or_keeps_it_long_is_rid_of_it_though_nobody_waits() -> None:
    async def body() -> None:
        safe_rounds.begin()
        waiting: list[Any] = []
        pid = await receiver(waiting)
        for number in range(unconfirmed.SOME - 1):
            unconfirmed.keep(pid, deliver(number))
        await process.sleep(0.01)
        assert not waiting
        unconfirmed.keep(pid, deliver(0))
        unconfirmed.keep(pid, deliver(1))
        await until(lambda: len(waiting) == 1)
        answer(waiting)
        await until(lambda: not COPIES)
        unconfirmed.keep(pid, deliver(1))
        safe_rounds.sweep()
        await process.sleep(0.01)
        assert not waiting
        safe_rounds.sweep()
        await until(lambda: len(waiting) == 1)
        answer(waiting)
        await until(lambda: not COPIES)

    node.run(body)


def test_a_writer_calls_back_and_what_it_gets_meanwhile_is_asked_for_again() -> None:
    async def body() -> None:
        safe_rounds.begin()
        told: list[str] = []
        asked: list[Confirm] = []
        pid = await gen_server.start(Writer, asked)
        unconfirmed.begin()
        first = durability.add_pending(pid, copy=deliver(1))
        safe_rounds.when_safe(lambda: told.append("first"))
        await until(lambda: len(asked) == 1)
        second = durability.add_pending(pid)
        safe_rounds.when_safe(lambda: told.append("second"), lambda: told.append("never"))
        await until(lambda: len(asked) == 2)
        assert [one.urgent for one in asked] == [False, True], "somebody stands still behind it"
        durability.written(pid, [first])
        asked[0].done()
        assert told == ["first"]
        assert process.self_() not in COPIES
        assert not durability.is_safe(process.self_())
        await until(lambda: len(asked) == 3)
        assert asked[2].urgent
        durability.written(pid, [second])
        asked[2].done()
        assert told == ["first", "second"]
        assert durability.is_safe(process.self_())

    node.run(body)


def test_what_is_stored_makes_room_though_more_has_come() -> None:
    async def body() -> None:
        safe_rounds.begin()
        told: list[str] = []
        asked: list[Confirm] = []
        pid = await gen_server.start(Writer, asked)
        debt = durability.add_pending(pid, 1 << 20)
        assert not durability.has_room()
        safe_rounds.when_safe(lambda: told.append("first"))
        await until(lambda: len(asked) == 1)
        durability.add_pending(pid)
        assert not durability.has_room()
        durability.written(pid, [debt])
        del debt
        asked[0].done()
        assert told == ["first"]
        assert durability.has_room()
        assert not CROWDED
        assert process.self_() in PENDING
        durability.add_pending(pid, 1 << 20)
        assert not durability.has_room()
        durability.forget()
        assert not CROWDED

    node.run(body)


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_writer_that_has_died_is_asked_by_a_process(asked_before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_rounds, "_SILENCE", 0.01)
    monkeypatch.setattr(safe_rounds, "_PAUSE", 0.01)

    async def body() -> None:
        safe_rounds.begin()
        told: list[str] = []
        asked: list[Confirm] = []
        pid = await gen_server.start(Writer, asked)
        durability.add_pending(pid)
        if not asked_before:
            process.exit_(pid, "kill")
        safe_rounds.when_safe(lambda: told.append("it has gone"))
        await until(lambda: told or asked)
        if asked_before:
            assert not told
            process.exit_(pid, "kill")
        await until(lambda: told == ["it has gone"])
        assert bool(asked) == asked_before
        assert durability.is_safe(process.self_())

    node.run(body)
