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
from xmppd.routing import barrier


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
        await barrier.settle()
        barrier.note(pid)
        await barrier.settle()
        await barrier.settle()
        assert await gen_server.call(pid, "count") == 1, "one Sync"
        for _ in range(300):
            await barrier.room()
            barrier.note(pid)
        assert await gen_server.call(pid, "count") == 4, "a flood waits now and then"
        barrier.forget()
        await barrier.settle()
        assert await gen_server.call(pid, "count") == 5
        for _ in range(8):
            barrier.note(pid, 1 << 18)
            await barrier.room()
        assert await gen_server.call(pid, "count") == 8, "and sooner if it is of large things"

    node.run(body)


def test_what_died_with_its_writer_is_not_acknowledged() -> None:
    async def body() -> None:
        pid = await writer()
        barrier.note(pid)
        process.exit_(pid, "kill")
        with pytest.raises(CallError):
            await barrier.settle()

    node.run(body)


def test_what_is_not_stored_in_time_is_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "PATIENCE", 0.01)

    class Slow(Writer):
        async def handle_call(self, request: object, from_: Any, state: list[object]) -> Any:
            await process.sleep(0.3)
            return Reply(len(state), state)

    async def body() -> None:
        pid = await gen_server.start(Slow)
        assert pid is not None
        barrier.note(pid, 1, "juliet@localhost")
        for _ in range(2):
            with pytest.raises(CallError, match="timeout"):
                await barrier.settle()
            assert barrier.holds("juliet@localhost")
            assert not barrier.holds("romeo@localhost")
        monkeypatch.setattr(barrier, "PATIENCE", 30.0)
        await barrier.settle()
        assert not barrier.holds("juliet@localhost")

    node.run(body)
