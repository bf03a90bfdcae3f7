"""test_gen_fsm__sys — a machine under sys: state, formats, sleep.

OTP:  gen_fsm_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError, ProcessExit
from otp.erts.process import is_alive, process_info, receive, send
from otp.stdlib import gen_fsm, introspect
from otp.stdlib.gen import From
from otp.stdlib.gen_fsm import NextState, ReplyNext
from tests.support.node import run, until
from tests.support.scripted_fsm import ScriptedFsm, works


class Secretive(ScriptedFsm):
    def format_status(self, state: Any) -> Any:
        return "formatted"


def sleeps(pid: Any) -> bool:
    info = process_info(pid)
    return info is not None and info.status == "hibernating"


def fails(*_: Any) -> Any:
    raise ProcessExit("crashed")


def report_of(caplog: pytest.LogCaptureFixture) -> Any:
    return caplog.records[-1].__dict__["report"]


def test_gen_fsm__get_state() -> None:
    async def body() -> None:
        pid: Any = await gen_fsm.start(ScriptedFsm, ("open", ["data"]), name="fsm")
        assert await introspect.get_state(pid) == ("open", ["data"])
        assert await introspect.get_state("fsm", timeout=5) == ("open", ["data"])
        await introspect.suspend(pid)
        assert await introspect.get_state(pid) == ("open", ["data"])

    run(body)


def test_gen_fsm__replace_state() -> None:
    async def body() -> None:
        pid: Any = await gen_fsm.start(ScriptedFsm)
        assert await introspect.replace_state(pid, lambda _old: ("open", ["new"])) == ("open", ["new"])
        with pytest.raises(RuntimeError, match="callback failed"):
            await introspect.replace_state(pid, lambda old: old.nothing)
        assert await gen_fsm.sync_send_event(pid, "state") == "open"
        await introspect.suspend(pid)
        await introspect.replace_state(pid, lambda old: ("closed", old[1]))
        await introspect.resume(pid)
        assert await introspect.get_state(pid) == ("closed", ["new"])

    run(body)


def test_gen_fsm__error_format_status(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid: Any = await gen_fsm.start(Secretive, ("open", ["secret"]), name="fsm")
        gen_fsm.send_event(pid, fails)
        await until(lambda: not is_alive(pid))

    run(body)
    report = report_of(caplog)
    assert (report["name"], report["state"], report["reason"]) == ("fsm", "formatted", "crashed")
    assert report["last_message"].event is fails
    assert "secret" not in caplog.text


def test_gen_fsm__terminate_crash_format(caplog: pytest.LogCaptureFixture) -> None:
    class Messy(Secretive):
        def terminate(self, reason: object, name: str, seen: Any) -> None:
            raise ProcessExit(("crash", "terminate"))

    async def body() -> None:
        pid: Any = await gen_fsm.start(Messy, ("open", ["secret"]))
        with pytest.raises(CallError, match="terminate"):
            await gen_fsm.stop(pid)

    run(body)
    assert (report_of(caplog)["state"], report_of(caplog)["reason"]) == ("formatted", ("crash", "terminate"))


def test_gen_fsm__hibernate() -> None:
    def sleep(name: str, seen: Any) -> Any:
        return NextState("open", seen, "hibernate")

    async def body() -> None:
        pid: Any = await gen_fsm.start(ScriptedFsm, ("closed", [], "hibernate"))
        assert sleeps(pid)
        await works(pid)
        assert not sleeps(pid)
        assert await gen_fsm.sync_send_event(pid, lambda name, seen: ReplyNext(1, name, seen, "hibernate")) == 1
        assert sleeps(pid)
        for wish in (gen_fsm.send_event, gen_fsm.send_all_state_event, send):
            await works(pid)
            assert not sleeps(pid)
            wish(pid, sleep)  # type: ignore[operator]
            await until(lambda: sleeps(pid))
        await introspect.suspend(pid)
        await introspect.resume(pid)
        assert sleeps(pid)
        assert await gen_fsm.sync_send_event(pid, "state") == "open"

    run(body)


def test_gen_fsm__auto_hibernate() -> None:
    async def body() -> None:
        pid: Any = await gen_fsm.start(ScriptedFsm, hibernate_after=0.005)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))
        await works(pid)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))

    run(body)


def test_gen_fsm__reply_by_alias_with_payload() -> None:
    class Tagged(From):
        payload = "payload"

    async def body() -> None:
        tag = Tagged(None, process.alias(), None)
        process.spawn(gen_fsm.reply, tag, "answer")
        assert await receive(timeout=5) == (tag, "answer")

    run(body)


def test_a_thrown_result_is_a_result() -> None:
    def throws(name: str, seen: Any) -> Any:
        raise gen_fsm.Throw(ReplyNext("thrown", "open", seen))

    async def body() -> None:
        pid: Any = await gen_fsm.start(ScriptedFsm)
        assert await gen_fsm.sync_send_event(pid, throws) == "thrown"
        assert await gen_fsm.sync_send_event(pid, "state") == "open"

    run(body)
