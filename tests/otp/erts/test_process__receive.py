"""Selective receive, by the cases of receive_SUITE; and hibernation, by those of hibernate_SUITE."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import hibernate, process_info, receive, self_, send, spawn, spawn_monitor
from otp.erts.signals import Down
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from tests.support.node import run, until


class Echo(GenServer[int]):
    def init(self) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(request, state)

    def handle_info(self, message: Any, state: int) -> Any:
        return NoReply(state)


def test_receive__call_with_huge_message_queue() -> None:
    """A call from a process with a great mailbox looks at none of it: not one message is matched or moved."""

    async def body() -> None:
        pid = await gen_server.start(Echo)
        assert pid is not None
        for n in range(20_000):
            send(self_(), n)
        queue = self_().target._queue
        for n in range(100):
            assert await gen_server.call(pid, n) == n
        assert self_().target._queue is queue
        assert len(queue) == 20_000
        looked_at: list[object] = []
        send(self_(), "last")
        assert await receive(lambda m: (looked_at.append(m), m == "last")[1]) == "last"
        assert len(looked_at) == 20_001  # which is what a call does not do

    run(body)


def test_receive__receive_in_between() -> None:
    """A selective receive inside another's wait takes its own message only; the rest stays in order."""

    async def body() -> None:
        me = self_()

        async def partner() -> None:
            for n in range(5):
                send(me, ("noise", n))
                send(me, ("ping", self_()))
                assert await receive(lambda m: m == "pong")

        _pid, ref = spawn_monitor(partner)
        for n in range(5):
            ping = await receive(lambda m: isinstance(m, tuple) and m[0] == "ping", timeout=5)
            assert await receive(lambda m, n=n: m == ("noise", n), timeout=0)
            send(ping[1], "pong")
        down = await receive(timeout=5)
        assert isinstance(down, Down)
        assert (down.ref, down.reason) == (ref, "normal")

    run(body)


def test_receive__multi_recv_opt() -> None:
    """Several receives in a row for the same reference, each seeing only what came after it was made."""

    async def body() -> None:
        async def echo() -> None:
            while True:
                back, ref, n = await receive()
                for i in range(n):
                    send(back, (ref, i))

        pid = spawn(echo)
        for n in range(1000):
            send(self_(), n)
        for _ in range(20):
            ref = process.make_ref()
            send(pid, (self_(), ref, 3))
            got = [await receive(lambda m, r=ref: isinstance(m, tuple) and m[0] is r, timeout=5) for _ in range(3)]
            assert got == [(ref, 0), (ref, 1), (ref, 2)]
        assert await process.flush() == list(range(1000))

    run(body)


def test_receive__multi_recv_opt__a_waiting_receive_looks_at_each_message_once() -> None:
    async def body() -> None:
        me, looked_at = self_(), []

        async def sender() -> None:
            for n in range(50):
                send(me, n)
                await process.give_way()
            send(me, "it")

        spawn(sender)
        assert await receive(lambda m: (looked_at.append(m), m == "it")[1], timeout=5) == "it"
        assert looked_at == [*range(50), "it"]

    run(body)


# -- hibernate_SUITE


def test_hibernate__basic() -> None:
    """The stack is dropped, the next message goes to the function; name, links and dictionary are as they were."""

    async def body() -> None:
        me = self_()
        finals: list[str] = []

        async def awake(word: str) -> None:
            message = await receive(timeout=0)
            send(me, (word, message, process.get("key"), process_info(self_(), "registered_name")))
            hibernate(awake, word + "!")

        async def begin() -> None:
            process.put("key", "kept")
            try:
                hibernate(awake, "hello")
            finally:
                finals.append("stack dropped")

        pid = spawn(begin, name="sleeper")
        await until(lambda: process_info(pid, "status") == "hibernating")
        assert finals == ["stack dropped"]
        assert process_info(pid, "current_function") is None
        for n, word in enumerate(("hello", "hello!", "hello!!")):
            send(pid, n)
            assert await receive(timeout=5) == (word, n, "kept", "sleeper")
            await until(lambda: process_info(pid, "status") == "hibernating")

    run(body)


def test_hibernate__dynamic_call() -> None:
    """A function that is only known at run time: by name of module and attribute, a method, a lambda."""

    async def body() -> None:
        me = self_()

        class Thing:
            async def method(self, n: int) -> None:
                send(me, ("method", n, await receive()))

        for fn in (Thing().method, lambda n: send(me, ("lambda", n, None))):
            pid, ref = spawn_monitor(lambda fn=fn: hibernate(fn, 7))
            await until(lambda: process_info(pid, "status") == "hibernating")  # noqa: B023
            send(pid, "wake")
            kind, n, message = await receive(lambda m: isinstance(m, tuple), timeout=5)
            assert (kind, n, message) in [("method", 7, "wake"), ("lambda", 7, None)]
            assert await receive(timeout=5) == Down(ref, pid, "normal")

    run(body)


def test_hibernate__messages_in_queue() -> None:
    """With a message in the mailbox it does not sleep at all, and no message is lost or moved."""

    async def body() -> None:
        me = self_()

        async def collect() -> None:
            send(me, [await receive(timeout=0) for _ in range(3)])

        async def begin() -> None:
            await receive(lambda m: m == "go")
            hibernate(collect)

        pid = spawn(begin)
        for message in ("a", "b", "c", "go"):
            send(pid, message)
        assert await receive(timeout=5) == ["a", "b", "c"]

    run(body)


def test_hibernate__bad_args() -> None:
    async def body() -> None:
        for wrong in ("module", None, 17):
            with pytest.raises(TypeError):
                hibernate(wrong)  # type: ignore[arg-type]
        _pid, ref = spawn_monitor(lambda: hibernate(len))  # too few arguments: seen when it wakes
        await process.sleep(0.005)
        send(_pid, "wake")
        down = await receive(timeout=5)
        assert (down.ref, down.reason.kind) == (ref, "TypeError")

    run(body)
