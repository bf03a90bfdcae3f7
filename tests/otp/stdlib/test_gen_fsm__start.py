"""test_gen_fsm__start — every way to start a machine and to end it.

OTP:  gen_fsm_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Ignored, ProcessExit, ReceiveTimeout, StartError
from otp.erts.process import is_alive, receive, register, self_, send, trap_exit
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_fsm, proc_lib
from otp.stdlib.gen_fsm import IGNORE, NextState, StopInit, Timeout
from tests.support.node import run
from tests.support.scripted_fsm import Bare, ScriptedFsm, works
from tests.support.via_names import LocalRegistry, everywhere, run_globally


async def heard() -> Any:
    return await receive(timeout=5)


async def quiet() -> None:
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0.002)


async def start(fn: Any, **options: Any) -> Any:
    pid = await fn(ScriptedFsm, **options)
    await works(options.get("name") or pid)
    return pid


async def stop(dest: Any, pid: Any) -> None:
    trap_exit()
    assert await gen_fsm.sync_send_all_state_event(dest, ("stop", "normal")) == "stopped"
    await process.sleep(0)
    assert not is_alive(pid)
    with pytest.raises(CallError, match="noproc"):
        await gen_fsm.sync_send_event(dest, "state")
    gen_fsm.send_event(dest, "dropped")
    await process.flush()


def test_gen_fsm__start1() -> None:
    async def body() -> None:
        pid = await start(gen_fsm.start_link)
        await stop(pid, pid)

    run(body)


def test_gen_fsm__start2() -> None:
    async def body() -> None:
        pid = await start(gen_fsm.start)
        assert await gen_fsm.sync_send_event(pid, ("stop", "shutdown")) == "stopped"
        with pytest.raises(CallError, match="noproc"):
            await gen_fsm.sync_send_event(pid, "state")
        await quiet()

    run(body)


def test_gen_fsm__start3() -> None:
    async def body() -> None:
        pid = await start(gen_fsm.start, timeout=5.0)
        await stop(pid, pid)
        with pytest.raises(StartError, match="timeout"):
            await gen_fsm.start(ScriptedFsm, "slow", 30, timeout=0.002)
        await quiet()

    run(body)


def test_gen_fsm__start4() -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(Ignored):
            await gen_fsm.start(ScriptedFsm, IGNORE)
        await quiet()

    run(body)


def test_gen_fsm__start5() -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError, match="stopped"):
            await gen_fsm.start(ScriptedFsm, StopInit("stopped"))
        await quiet()

    run(body)


def test_gen_fsm__start6() -> None:
    async def body() -> None:
        trap_exit()
        pid = await start(gen_fsm.start_link)
        await gen_fsm.stop(pid, "shutdown")
        assert await heard() == Exit(pid, "shutdown")
        await quiet()

    run(body)


def _named(name: Any, first: Any, *again: Any, runner: Any = run) -> None:
    async def body() -> None:
        trap_exit()
        pid = await start(first, name=name)
        for starting in again:
            with pytest.raises(AlreadyStarted) as taken:
                await starting(ScriptedFsm, name=name)
            assert taken.value.pid is pid
        await works(pid)
        await stop(name, pid)

    runner(body)


def test_gen_fsm__start7() -> None:
    _named(everywhere("my_fsm"), gen_fsm.start_link, gen_fsm.start_link, gen_fsm.start, runner=run_globally)


def test_gen_fsm__start8() -> None:
    _named("my_fsm", gen_fsm.start, gen_fsm.start)


def test_gen_fsm__start9() -> None:
    _named("my_fsm", gen_fsm.start_link, gen_fsm.start)


def test_gen_fsm__start10() -> None:
    _named(everywhere("my_fsm"), gen_fsm.start, gen_fsm.start, gen_fsm.start_link, runner=run_globally)


def test_gen_fsm__start11() -> None:
    book = LocalRegistry()

    async def body() -> None:
        for name in ("my_fsm", book.via("my_fsm")):
            pid = await start(gen_fsm.start_link, name=name)
            await stop(pid, pid)
            pid = await start(gen_fsm.start_link, name=name)
            await stop(name, pid)

    run(body)


def test_gen_fsm__start12() -> None:
    _named(LocalRegistry().via(("a", 1)), gen_fsm.start_link, gen_fsm.start_link, gen_fsm.start)


def test_gen_fsm__abnormal1() -> None:
    async def body() -> None:
        pid = await start(gen_fsm.start, name="my_fsm")
        assert await gen_fsm.sync_send_event("my_fsm", ("later", 0.001), 1.0) == "delayed"
        with pytest.raises(CallError, match="timeout"):
            await gen_fsm.sync_send_event("my_fsm", ("later", 0.02), 0.001)
        await process.sleep(0.03)
        await quiet()
        await stop(pid, pid)

    run(body)


def test_gen_fsm__abnormal2() -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_fsm.start_link(ScriptedFsm)
        with pytest.raises(CallError) as failed:
            await gen_fsm.sync_send_event(pid, lambda *_: "bad return")
        assert failed.value.why == ("bad_return_value", "bad return")
        assert await heard() == Exit(pid, failed.value.why)

    run(body)


def test_gen_fsm__shutdown(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        trap_exit()
        pid = await start(gen_fsm.start_link)
        assert await gen_fsm.sync_send_event(pid, ("stop", ("shutdown", "reason"))) == "stopped"
        assert await heard() == Exit(pid, ("shutdown", "reason"))
        await quiet()

    run(body)
    assert not caplog.records


def test_gen_fsm__undef_terminate2() -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_fsm.start_link(Bare)
        await gen_fsm.stop(pid, ("error", "test"))
        assert await heard() == Exit(pid, ("error", "test"))

    run(body)


def test_gen_fsm__undef_in_terminate() -> None:
    class Missing(Bare):
        def terminate(self, reason: object, name: str, data: None) -> Any:
            return self.nothing_of_the_kind()  # type: ignore[attr-defined]

    async def body() -> None:
        pid: Any = await gen_fsm.start(Missing)
        with pytest.raises(CallError) as failed:
            await gen_fsm.stop(pid)
        assert failed.value.why.kind == "AttributeError"  # type: ignore[attr-defined]

    run(body)


def test_gen_fsm__undef_in_handle_info() -> None:
    class Missing(Bare):
        def handle_info(self, message: Any, name: str, data: None) -> Any:
            return self.nothing_of_the_kind()  # type: ignore[attr-defined]

    async def body() -> None:
        pid: Any = await gen_fsm.start(Missing)
        ref = process.monitor(pid)
        send(pid, "hello")
        down = await heard()
        assert (down.ref, down.reason.kind) == (ref, "AttributeError")

    run(body)


def test_gen_fsm__enter_loop() -> None:
    async def enters(bears: Any, claims: Any) -> None:
        if isinstance(bears, str):
            register(bears, self_())
        elif bears is not None:
            assert bears.registry.register_name(bears.name, self_())
        proc_lib.init_ack(self_())
        gen_fsm.enter_loop(ScriptedFsm, "closed", [], name=claims, timeout=0.001)

    async def body() -> None:
        trap_exit()
        for name in (None, "armitage", LocalRegistry().via("armitage")):
            pid = await proc_lib.start_link(enters, name, name)
            await process.sleep(0.01)
            gen_fsm.send_event(pid, lambda state, seen: NextState("open" if seen == [Timeout()] else "closed", seen))
            assert await gen_fsm.sync_send_event(name or pid, "state") == "open"
            await gen_fsm.stop(pid)
            assert await heard() == Exit(pid, "normal")
        pid, ref = proc_lib.spawn_monitor(enters, None, "armitage")
        assert await heard() == Down(ref, pid, ("process_not_registered", "armitage"))
        pid, ref = process.spawn_monitor(enters, None, None)
        assert await heard() == Down(ref, pid, "process_was_not_started_by_proc_lib")

    run(body)


def test_a_crash_in_init_reaches_who_starts() -> None:
    async def body() -> None:
        with pytest.raises(StartError, match="boom"):
            await gen_fsm.start(ScriptedFsm, ProcessExit("boom"), name="my_fsm")
        assert process.whereis("my_fsm") is None

    run(body)
