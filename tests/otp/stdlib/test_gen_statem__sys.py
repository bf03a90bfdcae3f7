"""test_gen_statem__sys — a machine under sys, asleep, entered late, with another callback module, asked asynchronously.

OTP:  gen_statem_SUITE
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError, ProcessExit
from otp.erts.process import process_info, receive, register, self_, trap_exit
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_statem, introspect, proc_lib, requests
from otp.stdlib.gen import From
from otp.stdlib.gen_statem import (
    ChangeModule,
    GenStatem,
    Hibernate,
    Keep,
    Next,
    NextEvent,
    PopModule,
    PushModule,
    Reply,
    state_timeout,
)
from otp.stdlib.requests import NO_REPLY, NO_REQUEST, TIMED_OUT, Replied, RequestError, Requests
from otp.stdlib.status import Status
from tests.support.node import run, until
from tests.support.scripted_statem import BOTH, Lamp, LampByHandler, Plain, works

both = pytest.mark.parametrize("lamp", BOTH)


async def heard() -> Any:
    return await receive(timeout=5)


def sleeps(pid: Any) -> bool:
    info = process_info(pid)
    return info is not None and info.status == "hibernating"


def fails(*_: Any) -> Any:
    raise ProcessExit("crashed")


class Secretive(Lamp):
    def format_status(self, state: Any) -> Any:
        return "formatted"


def report_of(caplog: pytest.LogCaptureFixture) -> Any:
    return caplog.records[-1].__dict__["report"]


@both
def test_gen_statem__get_state(lamp: Any) -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(lamp, ("off", ["data"]))
        assert await introspect.get_state(pid) == ("off", ["data"])
        assert await gen_statem.call(pid, "switch") == "switched"
        assert await introspect.get_state(pid) == ("on", ["data"])
        await introspect.suspend(pid)
        assert await introspect.get_state(pid, timeout=5) == ("on", ["data"])

    run(body)


@both
def test_gen_statem__replace_state(lamp: Any) -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(lamp)
        assert await introspect.replace_state(pid, lambda _old: ("on", ["new"])) == ("on", ["new"])
        with pytest.raises(RuntimeError, match="callback failed"):
            await introspect.replace_state(pid, lambda old: old.nothing)
        assert await introspect.get_state(pid) == ("on", ["new"])
        assert await gen_statem.call(pid, "state") == "on"
        await introspect.suspend(pid)
        await introspect.replace_state(pid, lambda old: ("off", old[1]))
        await introspect.resume(pid)
        await works(pid)

    run(body)


def test_gen_statem__call_format_status() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Secretive, ("off", ["secret"]), name="lamp")
        status = await introspect.get_status("lamp")
        assert (status["state"], status["behaviour"], status["pid"]) == ("formatted", "gen_statem", pid)

    run(body)


def test_gen_statem__error_format_status(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Secretive, ("off", ["secret"]), name="lamp")
        gen_statem.cast(pid, fails)
        await until(lambda: not process.is_alive(pid))

    run(body)
    report = report_of(caplog)
    assert (report["name"], report["state"], report["reason"]) == ("lamp", "formatted", "crashed")
    assert report["last_message"] == ("cast", fails)
    assert "secret" not in caplog.text


def test_gen_statem__terminate_crash_format(caplog: pytest.LogCaptureFixture) -> None:
    class Messy(Secretive):
        def terminate(self, reason: object, state: Any, seen: Any) -> None:
            raise ProcessExit(("crash", "terminate"))

    async def body() -> None:
        pid: Any = await gen_statem.start(Messy)
        with pytest.raises(CallError, match="terminate"):
            await gen_statem.stop(pid)

    run(body)
    assert (report_of(caplog)["state"], report_of(caplog)["reason"]) == ("formatted", ("crash", "terminate"))


def test_gen_statem__format_all_status(caplog: pytest.LogCaptureFixture) -> None:
    class Hiding(Lamp):
        def format_all_status(self, status: Status) -> Status:
            return replace(status, state="a state", message=status.message and "an event", reason="a reason")

    async def body() -> None:
        pid: Any = await gen_statem.start(Hiding, ("off", ["secret"]))
        assert (await introspect.get_status(pid))["state"] == "a state"
        gen_statem.cast(pid, fails)
        await until(lambda: not process.is_alive(pid))

    run(body)
    report = report_of(caplog)
    assert (report["state"], report["last_message"], report["reason"]) == ("a state", "an event", "a reason")
    assert "secret" not in caplog.text


def test_gen_statem__undef_code_change() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Plain)
        await introspect.suspend(pid)
        await introspect.change_code(pid, Plain())
        await introspect.resume(pid)
        assert await introspect.get_state(pid) == ("only", None)

    run(body)


def test_gen_statem__code_change__into_another_callback_mode() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        await introspect.suspend(pid)
        await introspect.change_code(pid, LampByHandler())
        await introspect.resume(pid)
        await works(pid)

    run(body)


@both
def test_gen_statem__hibernate(lamp: Any) -> None:
    def sleep(type_: Any, state: str, seen: Any) -> Any:
        return Keep(actions=[Hibernate(), *([Reply(type_.from_, "ok")] if type_ != "cast" else [])])

    def sleep_elsewhere(type_: Any, state: str, seen: Any) -> Any:
        return Next("on" if state == "off" else "off", seen, Hibernate())

    async def body() -> None:
        pid: Any = await gen_statem.start(lamp, ("off", [], Hibernate()))
        await until(lambda: sleeps(pid))
        await works(pid)
        assert not sleeps(pid)
        assert await gen_statem.call(pid, sleep) == "ok"
        assert sleeps(pid)
        for event in (sleep, sleep_elsewhere):
            await works(pid)
            gen_statem.cast(pid, event)
            await until(lambda: sleeps(pid))
        await introspect.suspend(pid)
        await introspect.resume(pid)
        assert sleeps(pid)
        assert (await introspect.get_state(pid))[0] == "on"
        await works(pid)

    run(body)


@both
def test_gen_statem__auto_hibernate(lamp: Any) -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(lamp, hibernate_after=0.005)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))
        await works(pid)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))

    run(body)


@both
def test_gen_statem__enter_loop(lamp: Any) -> None:
    async def enters(bears: str | None, claims: str | None) -> None:
        if bears is not None:
            register(bears, self_())
        proc_lib.init_ack(self_())
        gen_statem.enter_loop(lamp, "on", [], state_timeout(0.001, lambda *_: Next("off")), name=claims)

    async def body() -> None:
        trap_exit()
        for name in (None, "armitage"):
            pid = await proc_lib.start_link(enters, name, name)
            assert await gen_statem.call(pid, "state") == "on"
            await process.sleep(0.01)
            assert await gen_statem.call(name or pid, "state") == "off"
            await gen_statem.stop(pid)
            assert await heard() == Exit(pid, "normal")
        pid, ref = proc_lib.spawn_monitor(enters, None, "armitage")
        assert await heard() == Down(ref, pid, ("process_not_registered", "armitage"))
        pid, ref = process.spawn_monitor(enters, None, None)
        assert await heard() == Down(ref, pid, "process_was_not_started_by_proc_lib")

    run(body)


# -- another callback module


class Night(GenStatem[Any]):
    """Another module for the same states."""

    def init(self, *args: Any) -> Any:
        raise AssertionError("never asked")

    def callback_mode(self) -> Any:
        return gen_statem.HANDLE_EVENT_FUNCTION

    def handle_event(self, type_: Any, event: Any, state: Any, data: Any) -> Any:
        if callable(event):
            return event(type_, state, data)
        return Keep(actions=Reply(type_.from_, ("night", state)))


def doing(*actions: Any) -> Any:
    return lambda type_, state, data: Keep(actions=[*actions, Reply(type_.from_, "ok")])


@both
def test_gen_statem__change_callback_module(lamp: Any) -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(lamp)
        assert await gen_statem.call(pid, doing(ChangeModule(Night))) == "ok"
        assert await gen_statem.call(pid, "state") == ("night", "off")
        assert await gen_statem.call(pid, doing(PushModule(lamp))) == "ok"
        await works(pid)
        assert await gen_statem.call(pid, doing(PopModule())) == "ok"
        assert await gen_statem.call(pid, "state") == ("night", "off")

    run(body)


def test_gen_statem__pop_too_many() -> None:
    async def body() -> None:
        trap_exit()
        pid: Any = await gen_statem.start_link(Lamp)
        assert await gen_statem.call(pid, doing(PushModule(Night), PopModule())) == "ok"
        await works(pid)
        with pytest.raises(CallError) as failed:
            await gen_statem.call(pid, doing(PopModule()))
        assert failed.value.why == ("bad_action_from_state_function", PopModule())
        assert (await heard()).reason == ("bad_action_from_state_function", PopModule())

    run(body)


def test_gen_statem__generic_timers__and_thrown_results() -> None:
    def throws(type_: Any, state: Any, seen: Any) -> Any:
        raise gen_statem.Throw(Next("on", ["thrown"], NextEvent("internal", "after")))

    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        gen_statem.cast(pid, throws)
        assert await introspect.get_state(pid) == ("on", ["thrown", ("on", "internal", "after")])

    run(body)


# -- asked asynchronously


def test_gen_statem__reply_by_alias_with_payload() -> None:
    class Tagged(From):
        payload = "payload"

    async def body() -> None:
        tag = Tagged(None, process.alias(), None)
        pid: Any = await gen_statem.start(Lamp)
        gen_statem.cast(pid, lambda *_: Keep(actions=Reply(tag, "answer")))
        assert await heard() == (tag, "answer")
        process.spawn(gen_statem.reply, tag, "again")
        assert await heard() == (tag, "again")

    run(body)


def test_gen_statem__send_request_receive_reqid_collection() -> None:
    async def body() -> None:
        one: Any = await gen_statem.start(Lamp)
        two: Any = await gen_statem.start(Lamp, ("on", []))
        pending = Requests()
        assert await requests.receive_any(pending) == NO_REQUEST
        for dest in (one, two, "nobody"):
            pending = pending.add(gen_statem.send_request(dest, "state"), dest)
        got = {}
        while pending:
            outcome, label, pending = await requests.receive_any(pending, 5)  # type: ignore[misc]
            got[label] = outcome
        assert got == {one: Replied("off"), two: Replied("on"), "nobody": RequestError("noproc", "nobody")}
        slow = Requests().add(gen_statem.send_request(one, ("later", 0.005)), 1)
        assert await requests.receive_any(slow, 0) == TIMED_OUT
        await process.sleep(0.01)
        assert await process.flush() == []

    run(body)


def test_gen_statem__send_request_wait_reqid_collection() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        pending = Requests().add(gen_statem.send_request(pid, ("later", 0.005)), "label")
        assert await requests.wait_any(pending, 0) == TIMED_OUT
        assert await requests.wait_any(pending, 5) == (Replied("delayed"), "label", Requests())
        dies = gen_statem.send_request(pid, fails)
        assert await gen_statem.wait_response(dies, 5) == RequestError("crashed", pid)

    run(body)


def test_gen_statem__send_request_check_reqid_collection() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        one, two = gen_statem.send_request(pid, "state"), gen_statem.send_request(pid, "switch")
        pending = Requests().add(one, 1).add(two, 2)
        assert requests.check_any("stranger", pending) == NO_REPLY
        first = await heard()
        assert gen_statem.check_response(first, two) == NO_REPLY
        assert requests.check_any(first, pending) == (Replied("off"), 1, Requests().add(two, 2))
        assert requests.check_any(await heard(), pending, delete=False) == (Replied("switched"), 2, pending)
        assert requests.check_any("any", Requests()) == NO_REQUEST

    run(body)
