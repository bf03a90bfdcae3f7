"""The order and the force of signals, flags and names, by the cases of process_SUITE, signal_SUITE, register_SUITE."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import exits, process
from otp.erts.exits import NORMAL, ProcessExit, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import receive, self_, send, spawn, spawn_link, spawn_monitor
from otp.erts.signals import Down, Exit
from tests.support.node import run, until


async def for_ever() -> None:
    await receive(lambda _m: False)


async def empty() -> bool:
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0)
    return True


# -- process_SUITE


def test_process__t_exit_2_catch() -> None:
    """exit(P, R) to another process is a signal: no try around the call sees it."""

    async def body() -> None:
        process.trap_exit()
        pid = spawn_link(for_ever)
        try:
            process.exit_(pid, "kill me")
        except BaseException as exc:
            raise AssertionError("the sender must not feel it") from exc
        assert await receive(timeout=5) == Exit(pid, "kill me")

    run(body)


@pytest.mark.parametrize("reason", ["kill", "why", "normal"])
@pytest.mark.parametrize("how", ["plain", "async", "link"])
def test_process__who_ends_itself_runs_no_further(reason: str, how: str) -> None:
    """Neither sends nor receives, whatever is in its mailbox; `finally` runs, as the code is unwound."""
    told: list[str] = []

    def ends() -> None:
        try:
            process.exit_(self_(), reason)
        except Exception:
            told.append("caught")
        finally:
            told.append("finally")
        told.append("after")

    async def waits() -> None:
        await process.give_way()
        ends()

    async def linked() -> None:
        """The signal of a link is no exception: the process ends at its next wait, with messages in its mailbox."""
        other = spawn_link(for_ever)
        await process.give_way()
        process.exit_(other, "why" if reason != "normal" else "boom")
        told.append("finally")
        await receive(timeout=0)
        told.append("after")

    async def body() -> object:
        pid, ref = spawn_monitor({"plain": ends, "async": waits, "link": linked}[how])
        send(pid, "queued")
        return (await receive(lambda m: isinstance(m, Down) and m.ref is ref, 5.0)).reason

    expected = {"kill": "killed"}.get(reason, reason)
    if how == "link":
        expected = "boom" if reason == "normal" else "why"
    assert run(body) == expected
    assert told == ["finally"]


def test_process__who_traps_its_own_signal_goes_on() -> None:
    async def body() -> None:
        process.trap_exit()
        process.exit_(self_(), "why")
        assert await receive(timeout=5) == Exit(self_(), "why")

    run(body)


def test_process__exit_and_timeout() -> None:
    """A process that waits with a timeout ends by the signal, not by its timeout."""

    async def body() -> None:
        async def waits() -> None:
            try:
                await receive(lambda _m: False, timeout=60)
            except ReceiveTimeout:
                raise ProcessExit("timed out") from None

        process.trap_exit()
        pid = spawn_link(waits)
        await until(lambda: process.process_info(pid, "status") == "waiting")
        process.exit_(pid, "parent says so")
        assert await receive(timeout=5) == Exit(pid, "parent says so")

        async def at_once() -> None:
            await receive(lambda _m: False, timeout=0.001)

        quick = spawn_link(at_once)
        assert (await receive(timeout=5)).reason == exits.Crash("ReceiveTimeout", "0.001")
        assert not process.is_alive(quick)

    run(body)


def test_process__trap_exit_badarg() -> None:
    def body() -> None:
        for wrong in ("true", 1, None):
            with pytest.raises(TypeError):
                process.process_flag("trap_exit", wrong)
        assert process.process_flag("trap_exit", True) is False
        assert process.process_flag("trap_exit", False) is True
        with pytest.raises(ValueError, match="no such flag"):
            process.process_flag("odd", 1)

    run(body)


def test_process__bad_register() -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        dead = spawn(lambda: None)
        await until(lambda: not process.is_alive(dead))
        for name, who in (("", pid), ("undefined", pid), (17, pid), ("fine", dead)):
            with pytest.raises(ValueError, match="cannot register"):
                process.register(name, who)  # type: ignore[arg-type]
        assert process.registered() == []
        process.register("fine", pid)
        for name in ("fine", "other"):
            with pytest.raises(ValueError, match="cannot register"):
                process.register(name, pid)
        process.unregister("fine")
        with pytest.raises(ValueError, match="not registered"):
            process.unregister("fine")

    run(body)


def test_register__otp_8099() -> None:
    """A name may be taken again in the very moment its bearer is gone, time after time."""

    async def body() -> None:
        for n in range(100):
            pid, ref = spawn_monitor(for_ever)
            process.register("again", pid)
            process.exit_(pid, ("round", n))
            assert (await receive(timeout=5)) == Down(ref, pid, ("round", n))
            assert process.whereis("again") is None
        assert process.registered() == []

    run(body)


# -- signal_SUITE


def test_signal__contended_signal_handling() -> None:
    """Many senders to one receiver that seldom runs: nothing is lost, and each sender's order is kept."""

    async def body() -> None:
        me = self_()

        async def sender(n: int) -> None:
            for i in range(100):
                send(me, (n, i))
                if i % 7 == 0:
                    await process.give_way()

        for n in range(20):
            spawn(sender, n)
        got = [await receive(timeout=5) for _ in range(2000)]
        for n in range(20):
            assert [i for who, i in got if who == n] == list(range(100))

    run(body)


def test_signal__unlink_exit() -> None:
    """After unlink() no exit signal of that link takes effect, even if the other dies in the same moment."""

    async def body() -> None:
        process.trap_exit()
        for _ in range(100):
            pid = spawn_link(for_ever)
            process.unlink(pid)
            process.exit_(pid, "late")
            assert await empty()
            other = spawn_link(for_ever)
            process.exit_(other, "before")
            process.unlink(other)
            assert await receive(timeout=5) == Exit(other, "before")

    run(body)


def test_signal__monitor_order() -> None:
    """A message sent before the end comes before the Down, whatever lies between."""

    async def body() -> None:
        me = self_()

        def talks() -> None:
            for i in range(50):
                send(me, i)
            raise ProcessExit("done")

        for _ in range(20):
            pid, ref = spawn_monitor(talks)
            got = [await receive(timeout=5) for _ in range(51)]
            assert got == [*range(50), Down(ref, pid, "done")]

    run(body)


def test_signal__monitor_named_order_local() -> None:
    """A monitor by name set up after a message to that name: the message is in the mailbox first."""

    async def body() -> None:
        async def echo() -> None:
            send(await receive(), "got it")

        me = self_()
        for _ in range(20):
            pid = spawn(echo, name="named_order")
            send("named_order", me)
            ref = process.monitor("named_order")
            assert await receive(timeout=5) == "got it"
            assert await receive(timeout=5) == Down(ref, "named_order", NORMAL)
            assert not process.is_alive(pid)

    run(body)


def _victim(me: Pid, how: str) -> Any:
    """The code of who is signalled from many sides at once."""

    async def waits() -> None:
        send(me, "up")
        await receive(lambda _m: False)

    async def reads() -> None:
        send(me, "up")
        while True:
            await receive()

    async def reads_and_leaves() -> None:
        send(me, "up")
        for _ in range(30):
            await receive()
        raise ProcessExit("had enough")

    def leaves() -> None:
        send(me, "up")
        raise ProcessExit("at once")

    return {"basic": waits, "recv": reads, "exit": leaves, "recv_exit": reads_and_leaves}[how]


def _simultaneous(how: str, reasons: set[object]) -> None:
    """Twenty processes link to, monitor, message and signal one that may end meanwhile: all hear exactly once."""

    async def body() -> None:
        me = self_()

        async def pesters(pid: Pid, n: int) -> None:
            process.trap_exit()
            ref = process.monitor(pid)
            process.link(pid)
            for i in range(5):
                send(pid, i)
                await process.give_way()
            if n == 19:
                process.exit_(pid, "enough")
            heard = [await receive(timeout=5), await receive(timeout=5)]
            down = next(m for m in heard if isinstance(m, Down))
            exit_ = next(m for m in heard if isinstance(m, Exit))
            assert down.ref is ref
            assert exit_.pid is down.pid is pid
            await empty()
            send(me, ("heard", down.reason, exit_.reason))

        pid = spawn(_victim(me, how))
        for n in range(20):
            spawn(pesters, pid, n)
        for _ in range(20):
            _, down, exit_ = await receive(lambda m: isinstance(m, tuple), timeout=5)
            assert {down, exit_} <= reasons
        assert not process.is_alive(pid)

    run(body)


def test_signal__simultaneous_signals_basic() -> None:
    _simultaneous("basic", {"enough"})


def test_signal__simultaneous_signals_recv() -> None:
    _simultaneous("recv", {"enough"})


def test_signal__simultaneous_signals_exit() -> None:
    _simultaneous("exit", {"at once", "noproc"})


def test_signal__simultaneous_signals_recv_exit() -> None:
    _simultaneous("recv_exit", {"had enough", "enough", "noproc"})
