"""test_proc_lib — functions started in step with their parent, their crash reports, their sleep and their end.

OTP:  proc_lib_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Crash, NotAProcess, ProcessExit, ReceiveTimeout, StartError
from otp.erts.process import is_alive, process_info, receive, register, self_, send, trap_exit, whereis
from otp.erts.signals import Down, Exit
from otp.stdlib import proc_lib
from otp.stdlib.gen import System
from tests.support.node import run, until


async def heard() -> Any:
    return await receive(timeout=5)


async def waits(watcher: Any) -> None:
    """Says that it is in init, waits for "go on", then says that it is ready."""
    send(watcher, ("init", self_()))
    await receive(lambda m: m == "go on")
    proc_lib.init_ack(("ready", self_()))
    await receive(lambda m: m == "end")


async def slow(watcher: Any) -> None:
    send(watcher, self_())
    await process.sleep(30)


async def dies(word: Any = "die") -> None:
    await receive(lambda m: m == word)
    raise ProcessExit(word)


def reports(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [record.__dict__["report"] for record in caplog.records if record.name == "otp.proc_lib"]


def test_proc_lib__crash(caplog: pytest.LogCaptureFixture) -> None:
    def leaves(reason: object) -> None:
        raise ProcessExit(reason)

    async def with_neighbour(watcher: Any) -> None:
        proc_lib.spawn_link(dies, "later")
        send(watcher, "linked")
        await dies()

    async def body() -> None:
        trap_exit()
        for reason in ("shutdown", ("shutdown", ("a", "b"))):
            pid = proc_lib.spawn_link(leaves, reason)
            assert await heard() == Exit(pid, reason)
        assert not reports(caplog)
        me = self_()
        pid = proc_lib.spawn(dies, name="plain")
        send(pid, "die")
        await until(lambda: not is_alive(pid))
        (report,) = reports(caplog)
        assert (report["pid"], report["registered_name"], report["reason"]) == (pid, "plain", "die")
        assert (report["ancestors"], report["neighbours"]) == ([me], [])
        assert report["initial_call"] == proc_lib.initial_call(proc_lib.spawn(dies))
        assert report["initial_call"].endswith("test_proc_lib.dies")
        pid = proc_lib.spawn(with_neighbour, me)
        assert await heard() == "linked"
        send(pid, "die")
        await until(lambda: len(reports(caplog)) == 2)
        (near,) = reports(caplog)[1]["neighbours"]
        assert near["initial_call"].endswith("test_proc_lib.dies")

    run(body)


def test_proc_lib__stacktrace(caplog: pytest.LogCaptureFixture) -> None:
    """The report of an exception shows where it was raised; that of an exit has nothing to show."""

    def deep() -> None:
        raise ValueError("deep down")

    async def body() -> None:
        _pid, ref = proc_lib.spawn_monitor(lambda: deep())
        assert (await heard()) == Down(ref, _pid, Crash("ValueError", "deep down"))

    run(body)
    (report,) = reports(caplog)
    assert "in deep" in report["reason"].traceback
    assert "in deep" in proc_lib.format(report)


def _sync_start(start: Any) -> Any:
    """The one who starts does not go on before init_ack; returns what start returned."""

    async def body() -> Any:
        me = self_()

        async def starter() -> None:
            send(me, ("started", await start(waits, me)))
            await receive()

        process.spawn(starter)
        word, pid = await heard()
        assert word == "init"
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0.005)
        send(pid, "go on")
        started = await heard()
        assert started[0] == "started"
        return pid, started[1]

    return run(body)


def test_proc_lib__sync_start_nolink() -> None:
    pid, value = _sync_start(proc_lib.start)
    assert value == ("ready", pid)


def test_proc_lib__sync_start_link() -> None:
    pid, value = _sync_start(proc_lib.start_link)
    assert value == ("ready", pid)


def test_proc_lib__sync_start_monitor() -> None:
    async def body() -> None:
        async def ready() -> None:
            proc_lib.init_ack(self_())
            proc_lib.init_ack("a second one is nothing")
            await dies("end")

        pid, ref = await proc_lib.start_monitor(ready)
        send(pid, "end")
        assert await heard() == Down(ref, pid, "end")
        failure, ref = await proc_lib.start_monitor(dies, "x", timeout=0.002)
        assert (await heard()).ref is ref
        assert failure.reason == "timeout"

    run(body)
    pid, (value, _ref) = _sync_start(proc_lib.start_monitor)
    assert value == ("ready", pid)


def test_proc_lib__sync_start_monitor_link() -> None:
    async def body() -> None:
        trap_exit()

        async def ready() -> None:
            proc_lib.init_ack(self_())
            await dies("end")

        pid, ref = await proc_lib.start_monitor(ready, link=True)
        send(pid, "end")
        assert {str(await heard()), str(await heard())} == {str(Exit(pid, "end")), str(Down(ref, pid, "end"))}

    run(body)


def test_proc_lib__sync_start_timeout() -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError, match="timeout"):
            await proc_lib.start(slow, self_(), timeout=0.002)
        pid = await heard()
        assert not is_alive(pid)
        assert await process.flush() == []

    run(body)


def test_proc_lib__sync_start_link_timeout() -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError, match="timeout"):
            await proc_lib.start_link(slow, self_(), timeout=0.002)
        assert not is_alive(await heard())
        assert await process.flush() == []

    run(body)


def test_proc_lib__sync_start_monitor_link_timeout() -> None:
    """As on a real node: the error, a Down with killed, and no exit signal."""

    async def body() -> None:
        trap_exit()
        failure, ref = await proc_lib.start_monitor(slow, self_(), timeout=0.002, link=True)
        assert failure.reason == "timeout"
        pid = await heard()
        assert await process.flush() == [Down(ref, pid, "killed")]

    run(body)


def test_proc_lib__otp_6345() -> None:
    """start does not take a monitor (that is start_monitor's); it says so and starts nothing."""

    async def body() -> None:
        before = process.processes()
        with pytest.raises(TypeError):
            await proc_lib.start(dies, monitor=True)  # type: ignore[call-arg]
        assert process.processes() == before

    run(body)


def test_proc_lib__init_dont_hang() -> None:
    """A process that crashes before its init_ack does not leave its parent waiting, linked or not."""

    def bad() -> None:
        raise ValueError("bad init")

    async def body() -> None:
        trap_exit()
        for start, timeout in ((proc_lib.start_link, None), (proc_lib.start, 1.0), (proc_lib.start, None)):
            with pytest.raises(StartError) as failed:
                await start(bad, timeout=timeout)
            assert failed.value.reason == Crash("ValueError", "bad init")
        with pytest.raises(StartError, match="normal"):
            await proc_lib.start(lambda: None)

    run(body)


def test_proc_lib__t_format(caplog: pytest.LogCaptureFixture) -> None:
    """A crash report with huge data in it is as long as its depth allows."""

    async def body() -> None:
        huge = tuple(range(1000))
        pid = proc_lib.spawn(dies, huge)
        send(pid, huge)
        await until(lambda: not is_alive(pid))

    run(body)
    (report,) = reports(caplog)
    whole, short = proc_lib.format(report), proc_lib.format(report, depth=20)
    assert "999)" in whole
    assert len(short) < len(whole) / 2
    assert whole.splitlines()[0] == "crasher:"


@pytest.mark.parametrize("term", [None, "text", b"\xff", {"label": "strange"}, [1, {"a": ("b",)}], {}, ("supervisor",)])
def test_proc_lib__t_format_arbitrary(term: Any) -> None:
    """What is no report of ours is shown as it is, and never fails."""
    assert proc_lib.format(term) == repr(term)
    assert proc_lib.format(term, single_line=True, depth=5, chars_limit=3)


def test_proc_lib__report_cb(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = proc_lib.spawn(dies)
        send(pid, "die")
        await until(lambda: not is_alive(pid))

    run(body)
    (report,) = reports(caplog)
    line = proc_lib.format(report, single_line=True)
    assert "\n" not in line
    assert line.startswith("crasher:; initial_call: ")
    assert len(proc_lib.format(report, chars_limit=20)) == 20
    assert caplog.records[0].getMessage() == proc_lib.format(report)


def test_proc_lib__hibernate() -> None:
    async def loop(data: Any) -> None:
        while True:
            message = await receive()
            if message == "hibernate":
                proc_lib.hibernate(awake, data)
            if message == "crash":
                raise ProcessExit("i crashed")
            send(message, ("data", data))

    async def awake(data: Any) -> None:
        send(data, "awake")
        await loop(data)

    async def body() -> None:
        trap_exit()
        me = self_()
        pid = proc_lib.spawn_link(loop, me)
        send(pid, me)
        assert await heard() == ("data", me)
        send(pid, "hibernate")
        await until(lambda: process_info(pid).status == "hibernating")  # type: ignore[union-attr]
        send(pid, me)
        assert [await heard(), await heard()] == ["awake", ("data", me)]
        send(pid, "crash")
        assert await heard() == Exit(pid, "i crashed")

    run(body)


def test_proc_lib__stop() -> None:
    async def answers(reason_of: Any) -> None:
        system = await receive(lambda m: isinstance(m, System))
        raise ProcessExit(reason_of(system.args[0]))

    async def hangs() -> None:
        await receive(lambda m: m == "never")

    async def body() -> None:
        pid = proc_lib.spawn(answers, lambda reason: reason)
        await proc_lib.stop(pid)
        assert not is_alive(pid)
        with pytest.raises(CallError, match="noproc"):
            await proc_lib.stop(pid)
        with pytest.raises(CallError, match="die"):
            await proc_lib.stop(proc_lib.spawn(answers, lambda reason: "die"))
        with pytest.raises(CallError, match="timeout"):
            await proc_lib.stop(proc_lib.spawn(hangs), "normal", 0.005)
        other = proc_lib.spawn(answers, lambda reason: reason)
        await proc_lib.stop(other, "other reason", None)
        named = proc_lib.spawn(answers, lambda reason: reason)
        register("to_stop", named)
        await proc_lib.stop("to_stop")
        assert whereis("to_stop") is None
        with pytest.raises(CallError, match="noproc"):
            await proc_lib.stop("to_stop")

    run(body)


def test_a_taken_name_starts_nothing() -> None:
    async def body() -> None:
        register("me", self_())
        with pytest.raises(AlreadyStarted):
            await proc_lib.start(dies, name="me")
        with pytest.raises(AlreadyStarted):
            proc_lib.spawn(dies, name="me")
        proc_lib.init_ack("nobody waits: nothing happens")
        pid = proc_lib.spawn(dies)
        process.exit_(pid, "kill")
        assert proc_lib.initial_call(pid) is None

    run(body)
    with pytest.raises(NotAProcess):
        proc_lib.init_ack(1)
