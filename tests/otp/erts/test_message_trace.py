"""test_message_trace — messages are seen while somebody looks, and nothing is in their way otherwise.

Way:  otp.erts.message_trace
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import message_trace, process, runtime, trace
from otp.erts.actor import Process
from otp.erts.links import Net, NoCarrier
from otp.erts.pid import Pid, intern
from tests.support.node import run, until

DELIVER, END = Process.deliver, Process.terminate_now


async def echo() -> None:
    sender, word = await process.receive()
    process.send(sender, word)


def kinds(events: list[message_trace.TraceEvent]) -> list[tuple[str, Pid | None, Pid, Any]]:
    return [(event.kind, event.from_, event.to, event.what) for event in events]


def test_a_tracer_sees_who_says_what_to_whom_and_who_ends() -> None:
    async def body() -> None:
        seen: list[message_trace.TraceEvent] = []
        me, pid = process.self_(), process.spawn(echo)
        message_trace.add(seen.append)
        process.send(pid, (me, "hello"))
        await process.receive()
        await until(lambda: not process.is_alive(pid))
        message_trace.remove(seen.append)
        assert kinds(seen) == [
            ("message", me, pid, (me, "hello")),
            ("message", pid, me, "hello"),
            ("exit", None, pid, "normal"),
        ]
        assert [event.at for event in seen] == sorted(event.at for event in seen)

    run(body)


def test_what_leaves_the_node_is_seen() -> None:
    async def body() -> None:
        gone: list[object] = []

        class Carrier(NoCarrier):
            def send(self, to: Any, message: object) -> None:
                gone.append(message)

        runtime.set_carrier(Carrier())
        seen: list[message_trace.TraceEvent] = []
        far = intern("far", 1, 7)
        message_trace.add(seen.append)
        process.send(far, "over there")
        message_trace.remove(seen.append)
        process.send(far, "unseen")
        assert gone == ["over there", "unseen"]
        assert kinds(seen) == [("message", process.self_(), far, "over there")]

    run(body)


def test_when_nobody_looks_all_is_as_it_was() -> None:
    async def body() -> None:
        one: list[message_trace.TraceEvent] = []
        two: list[message_trace.TraceEvent] = []
        message_trace.add(one.append)
        message_trace.add(two.append)
        assert message_trace.is_on()
        message_trace.remove(one.append)
        process.send(process.self_(), 1)
        message_trace.remove(two.append)
        message_trace.remove(two.append)
        assert (len(one), len(two)) == (0, 1)
        assert not message_trace.is_on()
        assert (Process.deliver, Process.terminate_now) == (DELIVER, END)
        assert "send" not in vars(Net.carrier)

    run(body)


@pytest.mark.parametrize("first", ["messages", "trace"])
@pytest.mark.parametrize("goes_first", ["messages", "trace"])
def test_a_tracer_and_a_trace_are_on_together(first: str, goes_first: str) -> None:
    async def body() -> None:
        seen: list[message_trace.TraceEvent] = []
        traced: list[trace.Trace] = []
        pid = process.spawn(process.receive)
        await process.sleep(0)
        on = {
            "messages": lambda: message_trace.add(seen.append),
            "trace": lambda: trace.trace(pid, {"receive"}, tracer=traced.append),
        }
        off = {"messages": lambda: message_trace.remove(seen.append), "trace": trace.clear}
        for which in (first, *({"messages", "trace"} - {first})):
            on[which]()
        process.send(pid, "hello")
        assert ([event.what for event in seen], [event.what for event in traced]) == (["hello"], ["hello"])
        off[goes_first]()
        process.send(pid, "again")
        assert (len(seen), len(traced)) == ((1, 2) if goes_first == "messages" else (2, 1))
        for end in off.values():
            end()
        process.send(pid, "unseen")
        assert len(seen) + len(traced) == 3
        assert (Process.deliver, Process.terminate_now) == (DELIVER, END)
        assert "send" not in vars(Net.carrier)

    run(body)


def test_a_tracer_that_fails_is_taken_away_and_the_message_arrives() -> None:
    async def body() -> Any:
        def broken(event: message_trace.TraceEvent) -> None:
            raise ValueError(event)

        message_trace.add(broken)
        process.send(process.self_(), "still here")
        assert not message_trace.is_on()
        return await process.receive(timeout=1.0)

    assert run(body) == "still here"
