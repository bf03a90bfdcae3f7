"""gen_fsm — dispatch by state, both kinds of events, timeouts, ends; OTP's own cases by name.

OTP:  gen_fsm_SUITE
"""

import logging
from typing import Any

import pytest

from otp.erts.exits import AlreadyStarted, CallError, Crash, Ignored, NotAProcess, ProcessExit, StartError
from otp.erts.process import exit_, is_alive, receive, self_, send, sleep, spawn_link, trap_exit, whereis
from otp.erts.signals import Exit
from otp.stdlib import gen, gen_fsm
from otp.stdlib.gen_fsm import IGNORE, GenFsm, NextState, ReplyNext, Stop, StopInit, Timeout
from tests.support.node import run, until

Log = list[Any]


class Machine(GenFsm[Log]):
    """Writes down what it sees; events are functions of (state name, data) that say what to do."""

    def init(self, log: Log, *more: Any) -> Any:
        log.append("init")
        return more[0] if more else ("idle", log)

    def idle(self, event: Any, log: Log) -> Any:
        return self._do("idle", event, log)

    def busy(self, event: Any, log: Log) -> Any:
        return self._do("busy", event, log)

    def _do(self, name: str, event: Any, log: Log) -> Any:
        if callable(event):
            return event(name, log)
        log.append((name, event))
        return NextState(name, log)

    def idle_sync(self, event: Any, from_: Any, log: Log) -> Any:
        if callable(event):
            return event("idle", log)
        log.append(("sync", event))
        if event == "later":
            log.append(from_)
            return NextState("busy", log)
        return ReplyNext("answer", "busy", log)

    def handle_event(self, event: Any, name: str, log: Log) -> Any:
        return event(name, log) if callable(event) else self._noted(("all", event), name, log)

    def handle_sync_event(self, event: Any, from_: Any, name: str, log: Log) -> Any:
        if event == "stop":
            return Stop("normal", log, reply="bye")
        return ReplyNext((name, event), name, log)

    def handle_info(self, message: Any, name: str, log: Log) -> Any:
        return message(name, log) if callable(message) else self._noted(("info", message), name, log)

    def _noted(self, what: Any, name: str, log: Log) -> Any:
        log.append((name, *what))
        return NextState(name, log)

    def terminate(self, reason: object, name: str, log: Log) -> None:
        log.append(("terminate", reason, name))

    def format_status(self, state: tuple[str, Log]) -> Any:
        return "(hidden)"


class Bare(GenFsm[None]):
    def init(self) -> Any:
        return "idle", None


async def machine(log: Log, *more: Any, **options: Any) -> Any:
    trap_exit()
    return await gen_fsm.start_link(Machine, log, *more, **options)


async def ended() -> object:
    message = await receive(lambda m: isinstance(m, Exit), 2)
    return message.reason


def test_gen_fsm__start1__and_stop() -> None:
    async def body() -> None:
        pid = await gen_fsm.start(Machine, log := [])
        assert await gen_fsm.sync_send_event(pid, "hi") == "answer"
        assert await gen_fsm.sync_send_all_state_event(pid, "where") == ("busy", "where")
        await gen_fsm.stop(pid)
        assert log == ["init", ("sync", "hi"), ("terminate", "normal", "busy")]

    run(body)


def test_gen_fsm__start3_timeout_of_init() -> None:
    class Slow(Bare):
        async def init(self) -> Any:
            await sleep(5)

    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await gen_fsm.start(Slow, timeout=0.01)
        assert caught.value.reason == "timeout"

    run(body)


def test_gen_fsm__start4_ignore() -> None:
    async def body() -> None:
        with pytest.raises(Ignored):
            await machine([], IGNORE)
        assert await ended() == "normal"

    run(body)


def test_gen_fsm__start5_start6_stop_in_init() -> None:
    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await machine([], StopInit("why"))
        assert (caught.value.reason, await ended()) == ("why", "why")

    run(body)


@pytest.mark.parametrize("answer", ["idle", ("idle",), (1, None), None])
def test_gen_fsm__bad_return_of_init(answer: Any) -> None:
    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await machine([], answer)
        assert caught.value.reason == ("bad_return_value", answer)

    run(body)


def test_gen_fsm__start8__registered_name() -> None:
    async def body() -> None:
        pid = await machine([], name="door")
        assert whereis("door") is pid
        with pytest.raises(AlreadyStarted) as caught:
            await machine([], name="door")
        assert caught.value.pid is pid
        assert await gen_fsm.sync_send_event("door", "hi") == "answer"
        await gen_fsm.stop("door")
        assert whereis("door") is None

    run(body)


def test_events_go_to_the_method_of_the_state() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, 1)
        gen_fsm.send_event(pid, lambda _name, data: NextState("busy", data))
        gen_fsm.send_event(pid, 2)
        gen_fsm.send_all_state_event(pid, 3)
        send(pid, 4)
        await until(lambda: len(log) == 5)
        assert log[1:] == [("idle", 1), ("busy", 2), ("busy", "all", 3), ("busy", "info", 4)]

    run(body)


def test_events_to_nobody_are_dropped() -> None:
    def body() -> None:
        gen_fsm.send_event("nobody", 1)
        gen_fsm.send_all_state_event("nobody", 1)

    run(body)


def test_a_sync_event_may_be_answered_later() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        me = self_()

        async def client() -> None:
            send(me, await gen_fsm.sync_send_event(pid, "later"))

        spawn_link(client)
        from_ = await until(lambda: len(log) > 2 and log[2])
        gen_fsm.reply(from_, "at last")
        assert await receive(lambda m: isinstance(m, str), 1) == "at last"

    run(body)


def test_gen_fsm__stop_with_a_reply() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        assert await gen_fsm.sync_send_all_state_event(pid, "stop") == "bye"
        assert (await ended(), log[-1]) == ("normal", ("terminate", "normal", "idle"))

    run(body)


def test_gen_fsm__abnormal1__call_timeout() -> None:
    async def body() -> None:
        pid = await machine([])
        with pytest.raises(CallError) as caught:
            await gen_fsm.sync_send_event(pid, "later", timeout=0.01)
        assert caught.value.why == "timeout"
        assert is_alive(pid)

    run(body)


def test_gen_fsm__abnormal2__bad_return() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        with pytest.raises(CallError) as caught:
            await gen_fsm.sync_send_event(pid, lambda _name, _log: "badreturn")
        assert caught.value.why == ("bad_return_value", "badreturn")
        assert await ended() == caught.value.why
        assert log[-1] == ("terminate", caught.value.why, "idle")

    run(body)


def test_gen_fsm__shutdown__writes_no_report(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await machine([])
        gen_fsm.send_event(pid, lambda _name, log: Stop(("shutdown", "x"), log))
        assert await ended() == ("shutdown", "x")

    run(body)
    assert not caplog.records


def test_gen_fsm__error_format_status__of_an_abnormal_stop(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await machine([])
        gen_fsm.send_event(pid, lambda _name, log: Stop("boom", log))
        assert await ended() == "boom"

    run(body)
    assert "(hidden)" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_gen_fsm__crash_ends_the_machine_and_its_caller() -> None:
    def boom(_name: str, _log: Log) -> Any:
        raise ValueError("boom")

    async def body() -> None:
        pid = await machine(log := [])
        with pytest.raises(CallError) as caught:
            await gen_fsm.sync_send_event(pid, boom)
        assert caught.value.why == Crash("ValueError", "boom")
        assert await ended() == Crash("ValueError", "boom")
        assert log[-1][0] == "terminate"

    run(body)


def test_gen_fsm__undef_in_terminate__a_crash_replaces_the_reason() -> None:
    class Bad(Machine):
        def terminate(self, reason: object, name: str, log: Log) -> None:
            raise ProcessExit("crash_in_terminate")

    async def body() -> None:
        trap_exit()
        pid = await gen_fsm.start_link(Bad, [])
        gen_fsm.send_event(pid, lambda _name, log: Stop("normal", log))
        assert await ended() == "crash_in_terminate"

    run(body)


@pytest.mark.parametrize("trap", [True, False])
def test_gen_fsm__parent_exit(trap: bool) -> None:
    class Trapper(Machine):
        def init(self, log: Log, *more: Any) -> Any:
            trap_exit(trap)
            return "idle", log

    async def body() -> None:
        trap_exit()
        pid = await gen_fsm.start_link(Trapper, log := [])
        exit_(pid, "bye")
        assert await ended() == "bye"
        assert log == ([("terminate", "bye", "idle")] if trap else [])

    run(body)


def test_gen_fsm__undef_handle_event() -> None:
    async def body() -> None:
        trap_exit()
        pid = await gen_fsm.start_link(Bare)
        gen_fsm.send_all_state_event(pid, "x")
        assert await ended() == ("undef", "handle_event", "x")

    run(body)


def test_gen_fsm__undef_handle_sync_event() -> None:
    async def body() -> None:
        trap_exit()
        pid = await gen_fsm.start_link(Bare)
        with pytest.raises(CallError) as caught:
            await gen_fsm.sync_send_all_state_event(pid, "x")
        assert caught.value.why == ("undef", "handle_sync_event", "x")

    run(body)


def test_gen_fsm__undef_handle_info(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await gen_fsm.start(Bare)
        send(pid, "hej")
        await gen.system(pid, "get_state")

    run(body)
    assert "unexpected message in idle: 'hej'" in caplog.text


def test_gen_fsm__undef_state_method() -> None:
    async def body() -> None:
        trap_exit()
        pid = await gen_fsm.start_link(Bare)
        with pytest.raises(CallError) as caught:
            await gen_fsm.sync_send_event(pid, "x")
        assert caught.value.why == ("undef", "idle_sync", "x")

    run(body)


def test_gen_fsm__undef_init() -> None:
    async def body() -> None:
        with pytest.raises(StartError):
            await gen_fsm.start(GenFsm)

    run(body)


def test_gen_fsm__undef_terminate1() -> None:
    async def body() -> None:
        pid = await gen_fsm.start(Bare)
        await gen_fsm.stop(pid, ("shutdown", "no terminate"))
        assert not is_alive(pid)

    run(body)


def test_gen_fsm__sys1() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        await gen.system(pid, "suspend")
        gen_fsm.send_event(pid, 1)
        with pytest.raises(CallError, match="timeout"):
            await gen_fsm.sync_send_all_state_event(pid, "x", timeout=0.01)
        assert log == ["init"]
        await gen.system(pid, "resume")
        await until(lambda: ("idle", 1) in log)

    run(body)


def test_gen_fsm__replace_state__and_get_state() -> None:
    async def body() -> None:
        pid = await machine([])
        assert await gen.system(pid, "get_state") == ("idle", ["init"])
        assert await gen.system(pid, "replace_state", lambda s: ("busy", s[1])) == ("busy", ["init"])
        with pytest.raises(RuntimeError):
            await gen.system(pid, "replace_state", lambda s: s[7])
        assert (await gen.system(pid, "get_state"))[0] == "busy"

    run(body)


def test_gen_fsm__call_format_status() -> None:
    async def body() -> None:
        status = await gen.system(await machine([]), "get_status")
        assert (status["behaviour"], status["state"]) == ("gen_fsm", "(hidden)")

    run(body)


def test_gen_fsm__undef_code_change() -> None:
    class Newer(Machine):
        def code_change(self, old_vsn: object, state: tuple[str, Log], extra: object) -> tuple[str, Log]:
            return "busy", [old_vsn, extra]

    async def body() -> None:
        pid = await machine([])
        await gen.system(pid, "suspend")
        await gen.system(pid, "code_change", Newer(), "1", "extra")
        assert await gen.system(pid, "get_state") == ("busy", ["1", "extra"])

    run(body)


def test_gen_fsm__hibernate__and_events() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, lambda _name, data: NextState("busy", data, "hibernate"))
        gen_fsm.send_event(pid, 1)
        await until(lambda: ("busy", 1) in log)

    run(body)


def test_event_timeout_comes_when_nothing_else_does() -> None:
    async def body() -> None:
        log: Log = []
        await machine(log, ("idle", log, 0.01))
        await until(lambda: len(log) == 2)
        assert log == ["init", ("idle", Timeout())]

    run(body)


def test_event_timeout_is_given_up_for_any_message() -> None:
    async def body() -> None:
        log: Log = []
        pid = await machine(log, ("idle", log, 0.03))
        send(pid, "hej")
        await sleep(0.06)
        assert log == ["init", ("idle", "info", "hej")]

    run(body)


def test_event_timeout_of_zero_lets_queued_events_go_first() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, lambda name, data: NextState(name, data, 0))
        gen_fsm.send_event(pid, 1)
        await sleep(0.02)
        assert log == ["init", ("idle", 1)]

    run(body)


def test_start_timer_outlives_other_events_and_meets_the_state_it_finds() -> None:
    def arm(_name: str, log: Log) -> Any:
        gen_fsm.start_timer(0.02, "tick")
        gen_fsm.send_event_after(0.03, "tock")
        return NextState("busy", log)

    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, arm)
        gen_fsm.send_event(pid, 1)
        await until(lambda: len(log) == 4)
        assert log[1:] == [("busy", 1), ("busy", Timeout("tick")), ("busy", "tock")]

    run(body)


def test_cancel_timer_tells_what_was_left_and_nothing_comes() -> None:
    def arm_and_cancel(name: str, log: Log) -> Any:
        log.append(gen_fsm.cancel_timer(gen_fsm.send_event_after(60, "late")))
        return NextState(name, log)

    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, arm_and_cancel)
        await until(lambda: len(log) == 2)
        assert 59 < log[1] <= 60

    run(body)


def test_cancel_timer_takes_a_fired_event_out_of_the_mailbox() -> None:
    async def late(name: str, log: Log) -> Any:
        timer = gen_fsm.send_event_after(0, "late")
        await sleep(0.02)
        log.append(gen_fsm.cancel_timer(timer))
        return NextState(name, log)

    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, late)
        gen_fsm.send_event(pid, "last")
        await until(lambda: ("idle", "last") in log)
        await sleep(0.01)
        assert log == ["init", None, ("idle", "last")]

    run(body)


def test_an_async_state_keeps_its_mailbox_waiting() -> None:
    async def slow(name: str, log: Log) -> Any:
        await sleep(0.01)
        log.append("slow")
        return NextState("busy", log)

    async def body() -> None:
        pid = await machine(log := [])
        gen_fsm.send_event(pid, slow)
        gen_fsm.send_event(pid, 1)
        await until(lambda: len(log) == 3)
        assert log == ["init", "slow", ("busy", 1)]

    run(body)


def test_timers_belong_to_a_machine() -> None:
    with pytest.raises(NotAProcess):
        gen_fsm.start_timer(1, "x")
