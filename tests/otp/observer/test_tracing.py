"""test_tracing — a node follows the messages of some of its processes, for a while.

Way:  otp.observer.tracing
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otp.erts import message_trace, process
from otp.erts.signals import Down
from otp.observer import plugin, tracing
from tests.support.node import run, until


@pytest.fixture(autouse=True)
def all_ended() -> Iterator[None]:
    yield
    for key in list(tracing._traces):
        tracing.end(key)
    assert not message_trace.is_on()


async def echo() -> None:
    while True:
        sender, word = await process.receive()
        process.send(sender, word)


def told(key: str) -> list[tuple[str, str, str]]:
    return [(event["dir"], event["kind"], event["text"]) for event in tracing.read(key)["events"]]


async def talk(*words: str) -> None:
    for word in words:
        process.send("echo", (process.self_(), word))
        await process.receive(lambda m: not isinstance(m, Down))


def test_what_comes_in_goes_out_and_how_it_ends() -> None:
    async def body() -> None:
        pid = process.spawn(echo, name="echo")
        process.monitor(pid)
        assert tracing.begin("k", "echo", [], "both", 100, 60.0) == 1
        me = process.self_()
        await talk("hello")
        process.exit_(pid, "kill")
        await process.receive()
        events = tracing.read("k")["events"]
        assert [(event["dir"], event["kind"]) for event in events[:2]] == [("in", "tuple"), ("out", "str")]
        assert events[0]["text"] == f"({me}, 'hello')"
        assert events[0]["who"] == "echo"
        assert ("exit", "exit", "'killed'") in [(e["dir"], e["kind"], e["text"]) for e in events]
        assert tracing.read("k")["events"] == []

    run(body)


@pytest.mark.parametrize(
    ("kinds", "direction", "expected"),
    [
        ([], "in", ["in", "in"]),
        ([], "out", ["out", "out"]),
        (["str"], "both", ["out", "out"]),
        (["Nothing"], "both", []),
    ],
)
def test_filters(kinds: list[str], direction: str, expected: list[str]) -> None:
    async def body() -> None:
        process.spawn(echo, name="echo")
        tracing.begin("k", "echo", kinds, direction, 100, 60.0)
        await talk("a", "b")
        assert [direction for direction, _, _ in told("k")] == expected

    run(body)


def test_it_ends_after_so_many_events_and_after_so_long() -> None:
    async def body() -> None:
        process.spawn(echo, name="echo")
        tracing.begin("few", "echo", [], "both", 3, 60.0)
        tracing.begin("short", "echo", [], "both", 100, 0.02)
        await talk("a", "b", "c")
        found = tracing.read("few")
        assert (len(found["events"]), found["over"]) == (3, True)
        await until(lambda: tracing.read("short")["over"])
        assert not message_trace.is_on()

    run(body)


def test_it_ends_when_nobody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "LEASE", 0.03)

    async def body() -> None:
        process.spawn(echo, name="echo")
        tracing.begin("k", "echo", [], "both", 100, 60.0)
        assert message_trace.is_on()
        await until(lambda: not message_trace.is_on())
        assert tracing.read("k") == {"events": [], "over": True, "dropped": 0}

    run(body)


def test_too_many_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "KEPT", 2)

    async def body() -> dict[str, Any]:
        process.spawn(echo, name="echo")
        tracing.begin("k", "echo", [], "in", 100, 60.0)
        await talk("a", "b", "c")
        return tracing.read("k")

    found = run(body)
    assert (len(found["events"]), found["dropped"]) == (2, 1)


def test_nobody_of_that_name() -> None:
    async def body() -> int:
        return tracing.begin("k", "nobody", [], "both", 1, 1.0)

    assert run(body) == 0


class Gossip(plugin.Plugin):
    """Speaks of `echo` to whom follows "shop", and counts as of it who is told tea."""

    def __init__(self) -> None:
        self.told: list[Callable[[str, str], None]] = []

    def listen(self, word: str, told: Callable[[str, str], None]) -> Callable[[], object]:
        self.told.append(told)
        return lambda: self.told.remove(told)

    def joins(self, word: str, pid: Any, message: Any) -> bool:
        return bool(word == "shop" and message == "tea")

    async def missing(self, word: str) -> str | None:
        return "" if word == "shop" else None


def test_a_program_says_who_else_is_meant_and_what_else_is_to_be_told() -> None:
    gossip = Gossip()

    async def body() -> None:
        pid = process.spawn(process.receive, lambda m: m == "end", name="customer")
        assert tracing.begin("k", "shop", [], "in", 100, 60.0) == 0
        assert await tracing.missing("shop") == ""
        assert await tracing.missing("bakery") is None
        process.send(pid, "milk")
        process.send(pid, "tea")
        gossip.told[0]("gossip", "password=s3cret")
        seen = told("k")
        assert seen[0] == ("in", "str", "'tea'")
        assert seen[1:] == [("in", "gossip", "password=***")]
        tracing.end("k")
        assert gossip.told == []

    plugin.install(gossip)
    run(body)
