"""test_gen_statem__start — every way to start a machine and to end it, in both callback modes.

OTP:  gen_statem_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Ignored, ReceiveTimeout, StartError
from otp.erts.process import is_alive, receive, self_, trap_exit
from otp.erts.signals import Exit
from otp.stdlib import gen_statem
from otp.stdlib.gen_statem import IGNORE, Keep, Next, NextEvent, Reply, Stop, StopInit, event_timeout, state_timeout
from tests.support.node import run
from tests.support.scripted_statem import BOTH, Lamp, Plain, works
from tests.support.via_names import LocalRegistry, everywhere, run_globally

both = pytest.mark.parametrize("lamp", BOTH)


async def heard() -> Any:
    return await receive(timeout=5)


async def quiet() -> None:
    """Nothing came that was not asked for."""
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0.002)


async def stop(dest: Any, pid: Any) -> None:
    """Stop it by its own answer; it is gone for all."""
    trap_exit()
    assert await gen_statem.call(dest, ("stop", "normal")) == "stopped"
    await process.sleep(0)
    assert not is_alive(pid)
    with pytest.raises(CallError, match="noproc"):
        await gen_statem.call(dest, "state")
    await process.flush()


async def start(fn: Any, lamp: Any, *args: Any, **options: Any) -> Any:
    pid = await fn(lamp, *args, **options)
    await works(options.get("name") or pid)
    return pid


@both
def test_gen_statem__start1(lamp: Any) -> None:
    async def body() -> None:
        pid = await start(gen_statem.start_link, lamp)
        await stop(pid, pid)

    run(body)


@both
def test_gen_statem__start2(lamp: Any) -> None:
    async def body() -> None:
        pid = await start(gen_statem.start, lamp)
        assert await gen_statem.call(pid, ("stop", "shutdown")) == "stopped"
        with pytest.raises(CallError, match="noproc"):
            await gen_statem.call(pid, "state")
        await quiet()

    run(body)


@both
def test_gen_statem__start3(lamp: Any) -> None:
    async def body() -> None:
        pid = await start(gen_statem.start, lamp, timeout=5.0)
        await stop(pid, pid)
        with pytest.raises(StartError, match="timeout"):
            await gen_statem.start(lamp, "slow", 30, timeout=0.002)
        await quiet()

    run(body)


@both
def test_gen_statem__start4(lamp: Any) -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(Ignored):
            await gen_statem.start(lamp, IGNORE)
        await quiet()

    run(body)


@both
def test_gen_statem__start5(lamp: Any) -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError, match="stopped"):
            await gen_statem.start(lamp, StopInit("stopped"))
        await quiet()

    run(body)


@both
def test_gen_statem__start6(lamp: Any) -> None:
    async def body() -> None:
        trap_exit()
        pid = await start(gen_statem.start_link, lamp)
        await gen_statem.stop(pid, "shutdown")
        assert await heard() == Exit(pid, "shutdown")
        await quiet()

    run(body)


def _named(lamp: Any, name: Any, first: Any, *again: Any, runner: Any = run) -> None:
    async def body() -> None:
        trap_exit()
        pid = await start(first, lamp, name=name)
        for starting in again:
            with pytest.raises(AlreadyStarted) as taken:
                await starting(lamp, name=name)
            assert taken.value.pid is pid
        await works(pid)
        await stop(name, pid)

    runner(body)


@both
def test_gen_statem__start7(lamp: Any) -> None:
    again = (gen_statem.start_link, gen_statem.start)
    _named(lamp, everywhere("my_stm"), gen_statem.start_link, *again, runner=run_globally)


@both
def test_gen_statem__start8(lamp: Any) -> None:
    _named(lamp, "my_stm", gen_statem.start, gen_statem.start)


@both
def test_gen_statem__start9(lamp: Any) -> None:
    _named(lamp, "my_stm", gen_statem.start_link, gen_statem.start)


@both
def test_gen_statem__start10(lamp: Any) -> None:
    again = (gen_statem.start, gen_statem.start_link)
    _named(lamp, everywhere("my_stm"), gen_statem.start, *again, runner=run_globally)


@both
def test_gen_statem__start11(lamp: Any) -> None:
    book = LocalRegistry()

    async def body() -> None:
        for name in ("my_stm", book.via("my_stm")):
            pid = await start(gen_statem.start_link, lamp, name=name)
            await stop(pid, pid)
            pid = await start(gen_statem.start_link, lamp, name=name)
            await stop(name, pid)

    run(body)


@both
def test_gen_statem__start12(lamp: Any) -> None:
    _named(lamp, LocalRegistry().via(("a", 1)), gen_statem.start_link, gen_statem.start_link, gen_statem.start)


@both
def test_gen_statem__next_events(lamp: Any) -> None:
    """Events that init inserts are handled before any that was sent."""

    async def body() -> None:
        pid = await gen_statem.start(lamp, ("off", [], [NextEvent("internal", 1), NextEvent("cast", 2)]))
        gen_statem.cast(pid, 3)  # type: ignore[arg-type]

        def seen(type_: Any, state: Any, data: Any) -> Keep:
            return Keep(actions=Reply(type_.from_, data))

        data = await gen_statem.call(pid, seen)  # type: ignore[arg-type]
        assert data == [("off", "internal", 1), ("off", "cast", 2), ("off", "cast", 3)]

    run(body)


# -- stop


async def stopped(dest: Any, pid: Any, *how: Any) -> None:
    await gen_statem.stop(dest, *how)
    assert not is_alive(pid)
    with pytest.raises(CallError, match="noproc"):
        await gen_statem.stop(dest)


@both
def test_gen_statem__stop1(lamp: Any) -> None:
    async def body() -> None:
        pid = await gen_statem.start(lamp)
        await stopped(pid, pid)

    run(body)


@both
def test_gen_statem__stop2(lamp: Any) -> None:
    async def body() -> None:
        pid = await gen_statem.start(lamp, ("on", [self_()]))
        await stopped(pid, pid, "other reason", None)
        assert await heard() == ("terminated", "other reason", "on")

    run(body)


@both
def test_gen_statem__stop3(lamp: Any) -> None:
    async def body() -> None:
        pid = await gen_statem.start(lamp)
        with pytest.raises(TypeError):
            await gen_statem.stop(pid, "other reason", "soon")  # type: ignore[arg-type]
        await works(pid)
        await stopped(pid, pid)

    run(body)


@both
@pytest.mark.parametrize("by_pid", [False, True])
def test_gen_statem__stop4(lamp: Any, by_pid: bool) -> None:
    async def body() -> None:
        pid = await gen_statem.start(lamp, name="to_stop")
        await stopped(process.resolve("to_stop") if by_pid else "to_stop", pid)

    run(body)


def test_gen_statem__stop5() -> None:
    """{Name, node()}: here the pid that the name stands for."""
    test_gen_statem__stop4(Lamp, True)


@both
def test_gen_statem__stop6(lamp: Any) -> None:
    async def body() -> None:
        pid = await gen_statem.start(lamp, name=everywhere("to_stop"))
        await stopped(everywhere("to_stop"), pid)

    run_globally(body)


@both
def test_gen_statem__stop7(lamp: Any) -> None:
    book = LocalRegistry()

    async def body() -> None:
        pid = await gen_statem.start(lamp, name=book.via("to_stop"))
        await stopped(book.via("to_stop"), pid)

    run(body)


# -- abnormal ends


@both
def test_gen_statem__abnormal1(lamp: Any) -> None:
    """A call that takes too long fails; the machine does not notice, and its late answer comes to nobody."""

    async def body() -> None:
        pid = await gen_statem.start(lamp, name="abnormal1")
        assert await gen_statem.call("abnormal1", ("later", 0.001), 1.0) == "delayed"
        with pytest.raises(CallError, match="timeout"):
            await gen_statem.call("abnormal1", ("later", 0.02), 0.001)
        await process.sleep(0.03)
        await quiet()
        await stopped(pid, pid)

    run(body)


@both
def test_gen_statem__abnormal1clean(lamp: Any) -> None:
    """{clean_timeout, T}: the only kind there is."""
    test_gen_statem__abnormal1(lamp)


@both
def test_gen_statem__abnormal1dirty(lamp: Any) -> None:
    """{dirty_timeout, T}: spares a real node a process; a late answer may come there, and does not since OTP 24."""
    test_gen_statem__abnormal1(lamp)


def _dies_of(lamp: Any, result: Any, fault: str) -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_statem.start_link(lamp)
        with pytest.raises(CallError) as failed:
            await gen_statem.call(pid, lambda *_: result)
        assert failed.value.why[0] == fault  # type: ignore[index]
        assert (await heard()) == Exit(pid, failed.value.why)

    run(body)


@both
def test_gen_statem__abnormal2(lamp: Any) -> None:
    _dies_of(lamp, "bad return", "bad_return_from_state_function")


@both
@pytest.mark.parametrize("actions", ["bad", ["bad"], [Reply, 1]])
def test_gen_statem__abnormal3(lamp: Any, actions: Any) -> None:
    _dies_of(lamp, Keep(actions=actions), "bad_action_from_state_function")


@both
@pytest.mark.parametrize("action", [state_timeout("soon"), event_timeout([1])])  # type: ignore[arg-type]
def test_gen_statem__abnormal4(lamp: Any, action: Any) -> None:
    _dies_of(lamp, Next("on", actions=action), "bad_action_from_state_function")


@both
def test_gen_statem__shutdown(lamp: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_statem.start_link(lamp)
        assert await gen_statem.call(pid, ("stop", ("shutdown", "reason"))) == "stopped"
        assert await heard() == Exit(pid, ("shutdown", "reason"))
        with pytest.raises(CallError, match="noproc"):
            await gen_statem.call(pid, "state")
        await quiet()

    run(body)
    assert not caplog.records


def test_gen_statem__undef_terminate1() -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_statem.start_link(Plain)
        await gen_statem.stop(pid)
        assert await heard() == Exit(pid, "normal")

    run(body)


def test_gen_statem__undef_terminate2() -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_statem.start_link(Plain)
        await gen_statem.stop(pid, ("error", "test"))
        assert await heard() == Exit(pid, ("error", "test"))

    run(body)


def test_gen_statem__undef_in_terminate() -> None:
    class Missing(Plain):
        def terminate(self, reason: object, state: Any, data: None) -> Any:
            return self.nothing_of_the_kind()  # type: ignore[attr-defined]

    async def body() -> None:
        pid: Any = await gen_statem.start(Missing)
        with pytest.raises(CallError) as failed:
            await gen_statem.stop(pid)
        assert failed.value.why.kind == "AttributeError"  # type: ignore[attr-defined]

    run(body)


def test_a_machine_may_be_monitored_from_its_start() -> None:
    async def body() -> None:
        pid, ref = await gen_statem.start_monitor(Lamp)  # type: ignore[misc]
        gen_statem.cast(pid, lambda *_: Stop("bye"))
        down = await heard()
        assert (down.ref, down.reason) == (ref, "bye")

    run(body)
