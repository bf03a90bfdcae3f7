"""Nothing is acknowledged before it is stored."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from tests.support import node
from tests.support.node import until
from xmppd.routing import durability


class Writer(GenServer[list[object]]):
    def init(self) -> list[object]:
        return []

    def handle_cast(self, request: object, state: list[object]) -> Any:
        return NoReply([*state, request])

    async def handle_call(self, request: object, from_: Any, state: list[object]) -> Any:
        await process.sleep(0.001)
        return Reply(len(state), [*state, request])


async def writer() -> Pid:
    pid = await gen_server.start(Writer)
    assert pid is not None
    return pid


def test_settle_waits_for_the_writers_that_got_work_and_only_once() -> None:
    async def body() -> None:
        pid = await writer()
        await durability.flush()
        durability.add_pending(pid)
        await durability.flush()
        await durability.flush()
        assert await gen_server.call(pid, "count") == 1, "one Sync"
        for _ in range(1200):
            await durability.wait_for_room()
            durability.add_pending(pid)
        assert await gen_server.call(pid, "count") == 4, "a flood waits now and then"
        durability.forget()
        await durability.flush()
        assert await gen_server.call(pid, "count") == 5
        for _ in range(8):
            durability.add_pending(pid, 1 << 18)
            await durability.wait_for_room()
        assert await gen_server.call(pid, "count") == 8, "and sooner if it is of large things"

    node.run(body)


def test_what_a_writer_has_written_is_asked_for_no_more_and_what_came_meanwhile_is() -> None:
    async def body() -> None:
        pid, me = await writer(), process.self_()
        first, second = durability.add_pending(pid), durability.add_pending(pid, 1 << 20)
        assert not durability.has_room()
        durability.written(pid, [second])
        assert durability.has_room()
        assert not durability.is_safe(me)
        durability.written(pid, [first])
        assert durability.is_safe(me)
        await durability.flush()
        assert await gen_server.call(pid, "count") == 0, "it was not asked"

    node.run(body)


def test_who_passes_on_what_others_wait_for_does_not() -> None:
    async def body() -> None:
        pid = await writer()
        durability.add_pending(pid, 1 << 20)
        assert not durability.has_room()
        await durability.flush()
        durability.PASSING_ON.add(process.self_())
        durability.add_pending(pid, 1 << 20)
        assert durability.has_room()
        assert not durability.is_safe(process.self_())

    node.run(body)


def test_what_is_written_is_so_for_the_process_that_waits_for_it_now() -> None:
    async def body() -> None:
        pid, debts = await writer(), list[durability.Debt]()
        heir = process.spawn(process.sleep, 1000)

        async def hands_over() -> None:
            debts.append(durability.add_pending(pid))
            durability.hand_over(heir)
            debts.append(durability.add_pending(pid))  # its own, after that

        process.spawn(hands_over)
        await until(lambda: len(debts) == 2)
        sender = debts[1][0]
        durability.written(pid, debts[:1])
        assert durability.is_safe(heir)
        assert not durability.is_safe(sender)
        durability.written(pid, debts[1:])
        assert durability.is_safe(sender)

    node.run(body)


def test_what_comes_later_is_in_order_behind_what_is_written_and_does_not_wait_for_a_writer_that_is_gone() -> None:
    async def body() -> None:
        gone, there, me = await writer(), await writer(), process.self_()
        for pid in (gone, there):
            durability.add_pending(pid, owner="juliet@localhost")
        process.exit_(gone, "kill")
        await durability.until_written(me, "romeo@localhost")
        assert await gen_server.call(there, "count") == 0, "nothing of it is for him"
        assert durability.has_pending("juliet@localhost")
        await durability.until_written(me, "juliet@localhost")
        assert not durability.has_pending("juliet@localhost")
        assert await gen_server.call(there, "count") == 2, "it was asked"
        with pytest.raises(CallError):
            await durability.flush()

    node.run(body)


def test_what_died_with_its_writer_is_not_acknowledged() -> None:
    async def body() -> None:
        pid = await writer()
        durability.add_pending(pid)
        process.exit_(pid, "kill")
        with pytest.raises(CallError):
            await durability.flush()

    node.run(body)


def test_what_is_not_stored_in_time_is_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "PATIENCE", 0.01)

    class Slow(Writer):
        async def handle_call(self, request: object, from_: Any, state: list[object]) -> Any:
            await process.sleep(0.3)
            return Reply(len(state), state)

    async def body() -> None:
        pid = await gen_server.start(Slow)
        assert pid is not None
        durability.add_pending(pid, 1, "juliet@localhost")
        for _ in range(2):
            with pytest.raises(CallError, match="timeout"):
                await durability.flush()
            assert durability.has_pending("juliet@localhost")
            assert not durability.has_pending("romeo@localhost")
        monkeypatch.setattr(durability, "PATIENCE", 30.0)
        await durability.flush()
        assert not durability.has_pending("juliet@localhost")

    node.run(body)
