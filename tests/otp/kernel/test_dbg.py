"""dbg — tracing for people, by the cases of dbg_SUITE."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process, trace
from otp.erts.exits import AlreadyStarted
from otp.erts.process import receive, self_, send, spawn
from otp.erts.trace import Trace
from otp.kernel import dbg
from otp.kernel.dbg import ANY, Pattern
from tests.support.node import run, until

HERE = __name__


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    dbg.ctp()
    dbg.dtp()


def add(a: int, b: int) -> int:
    return _inner(a) + b


def _inner(a: int) -> int:
    return a


async def later(a: int) -> int:
    await process.give_way()
    return 1 // a


class Thing:
    def method(self, n: int) -> int:
        return n

    @staticmethod
    def static(n: int) -> int:
        return n


async def obey() -> None:
    while True:
        result = (await receive(callable))()
        if hasattr(result, "__await__"):
            with contextlib.suppress(ZeroDivisionError):
                await result


def seen(told: list[Trace]) -> list[tuple[Any, ...]]:
    return [(t.event, t.what, *([t.other] if t.other is not None else [])) for t in told]


def test_dbg__simple() -> None:
    """Start a tracer, trace oneself, stop: calls are told, and no more afterwards."""

    async def body() -> None:
        told: list[Trace] = []
        assert dbg.get_tracer() is None
        with pytest.raises(ValueError, match="no tracer"):
            dbg.p(self_(), {"call"})
        tracer = await dbg.tracer(told.append)
        assert dbg.get_tracer() is tracer
        with pytest.raises(AlreadyStarted):
            await dbg.tracer()
        assert dbg.p(self_(), {"call"}) == 1
        dbg.tp(f"{HERE}:add")
        assert add(1, 2) == 3
        await dbg.stop()
        assert seen(told) == [("call", (f"{HERE}:add", (1, 2)))]
        assert add(3, 4) == 7
        assert len(told) == 1
        assert trace.trace_info(self_())[0] == frozenset()
        await dbg.stop()

    run(body)


def test_dbg__message(caplog: pytest.LogCaptureFixture) -> None:
    """Messages of a named process, told to the log; a name that nobody bears is an error."""

    async def body() -> None:
        pid = spawn(obey, name="obeys")
        await dbg.tracer()
        with pytest.raises(ValueError, match="nobody"):
            dbg.p("no such name", {"send"})
        dbg.p("obeys", {"send", "receive"})
        send(pid, "a message")
        send(pid, lambda: send(process.whereis("obeys"), "to myself"))  # type: ignore[arg-type]
        await until(lambda: process.process_info(pid, "messages") == ["a message", "to myself"])
        assert dbg.clear("existing") >= 1
        send(pid, "quiet")
        await dbg.stop()

    with caplog.at_level(logging.INFO, "otp.dbg"):
        run(body)
    assert any("receive 'a message'" in m for m in caplog.messages)
    assert any("send 'to myself'" in m for m in caplog.messages)
    assert not any("quiet" in m for m in caplog.messages)


def test_dbg__local_trace() -> None:
    """Functions of a module that it calls itself, methods, returns and exceptions, plain and async."""

    async def body() -> None:
        told: list[Trace] = []
        await dbg.tracer(told.append)
        pid = spawn(obey)
        dbg.p(pid, {"call"})
        for name in ("_inner", "Thing.method", "Thing.static", "later"):
            dbg.tp(f"{HERE}:{name}", Pattern(returns=True))
        dbg.tp(f"{HERE}:add", Pattern(args=(7, ANY)))
        for code in (lambda: add(7, 1), lambda: add(8, 1), lambda: Thing.static(3), lambda: later(1), lambda: later(0)):
            send(pid, code)
        await until(lambda: process.process_info(pid, "message_queue_len") == 0)
        assert add(7, 7) == 14  # this process is not traced
        await process.sleep(0.001)
        await dbg.stop()
        events = seen(told)
        assert events[:3] == [
            ("call", (f"{HERE}:add", (7, 1))),
            ("call", (f"{HERE}:_inner", (7,))),
            ("return_from", f"{HERE}:_inner", 7),
        ]
        assert ("call", (f"{HERE}:add", (8, 1))) not in events
        assert ("return_from", f"{HERE}:Thing.static", 3) in events
        assert ("return_from", f"{HERE}:later", 1) in events
        assert [e[2].__class__ for e in events if e[0] == "exception_from"] == [ZeroDivisionError]
        with pytest.raises(LookupError):
            dbg.tp(f"{HERE}:no_such_function")
        assert Thing().method(2) == 2

    run(body)


def test_dbg__saved_patterns(tmp_path: Path) -> None:
    async def body() -> None:
        one, two = Pattern((1, ANY)), Pattern(None, True)
        first, second = dbg.tp(f"{HERE}:add", one), dbg.tp(f"{HERE}:_inner", two)
        assert dbg.tp(f"{HERE}:add", one) == first
        assert dbg.ltp() == {first: one, second: two}
        file = tmp_path / "patterns"
        dbg.wtp(file)
        dbg.dtp(first)
        assert dbg.ltp() == {second: two}
        dbg.dtp()
        dbg.rtp(file)
        dbg.rtp(file)
        assert sorted(map(repr, dbg.ltp().values())) == sorted(map(repr, (one, two)))
        told: list[Trace] = []
        await dbg.tracer(told.append)
        dbg.p(self_(), {"call"})
        dbg.ctp(f"{HERE}:_inner")
        dbg.tp(f"{HERE}:add", next(n for n, p in dbg.ltp().items() if p == one))
        add(1, 5)
        add(2, 5)
        await dbg.stop()
        assert seen(told) == [("call", (f"{HERE}:add", (1, 5)))]
        with pytest.raises(KeyError):
            dbg.tp(f"{HERE}:add", 99)

    run(body)


def test_dbg__tracer_exit_on_stop() -> None:
    """The tracer has handled all that was told before the stop, however slow it is, and is gone after it."""

    async def body() -> None:
        told: list[Trace] = []

        async def slow(event: Trace) -> None:
            await process.sleep(0.001)
            told.append(event)

        tracer = await dbg.tracer(slow)
        pid = spawn(obey)
        dbg.p(pid, {"receive"})
        for n in range(20):
            send(pid, n)
        await dbg.stop()
        assert not process.is_alive(tracer)
        assert [t.what for t in told] == list(range(20))
        assert process.whereis("dbg") is None

        await dbg.tracer(lambda _t: 1 / 0)  # one that fails ends the trace, not the traced
        dbg.p(pid, {"receive"})
        send(pid, "x")
        await until(lambda: dbg.get_tracer() is None)
        send(pid, "y")
        assert process.is_alive(pid)
        assert not trace.TRACED

    run(body)
