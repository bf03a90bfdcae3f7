"""gen_statem — order of events, postponing, time-outs, state enter calls, ends; OTP's own cases by name.

OTP:  gen_statem_SUITE
"""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts.exits import AlreadyStarted, CallError, Crash, Ignored, ProcessExit, StartError
from otp.erts.process import exit_, is_alive, receive, send, sleep, trap_exit, whereis
from otp.erts.signals import Exit
from otp.stdlib import gen, gen_statem
from otp.stdlib.gen_statem import (
    HANDLE_EVENT_FUNCTION,
    IGNORE,
    STATE_ENTER,
    STATE_FUNCTIONS,
    Called,
    GenStatem,
    Hibernate,
    Keep,
    Named,
    Next,
    NextEvent,
    Postpone,
    Repeat,
    Reply,
    Stop,
    StopInit,
    UpdateTimeout,
    event_timeout,
    state_timeout,
    timeout,
)
from tests.support.node import run, until

Log = list[Any]


class Machine(GenStatem[Log]):
    """Writes down (state, type, event); an event that is a function says what to do."""

    def callback_mode(self) -> Any:
        return HANDLE_EVENT_FUNCTION

    def init(self, log: Log, *more: Any) -> Any:
        return more[0] if more else ("a", log)

    def handle_event(self, type_: Any, event: Any, state: Any, log: Log) -> Any:
        if callable(event):
            return event(type_, state, log)
        if isinstance(type_, Called):
            return Keep(actions=Reply(type_.from_, (state, event)))
        log.append((state, type_, event))
        return Keep()

    def terminate(self, reason: object, state: Any, log: Log) -> None:
        log.append(("terminate", reason, state))

    def format_status(self, state: Any) -> Any:
        return "(hidden)"


class Entering(Machine):
    def callback_mode(self) -> Any:
        return (HANDLE_EVENT_FUNCTION, STATE_ENTER)


class Bare(GenStatem[None]):
    def init(self) -> Any:
        return "a", None


def answer(result: Any) -> Callable[..., Any]:
    """An event whose handling answers `result`."""
    return lambda *_: result


async def machine(log: Log, *more: Any, cls: Any = Machine, **options: Any) -> Any:
    trap_exit()
    return await gen_statem.start_link(cls, log, *more, **options)


async def seen(pid: Any, log: Log) -> Log:
    """What was written down, once all that was sent before is done."""
    await gen_statem.call(pid, "sync", 2)
    return log


async def ended() -> object:
    message = await receive(lambda m: isinstance(m, Exit), 2)
    return message.reason


# -- start and stop


def test_gen_statem__start1__and_stop() -> None:
    async def body() -> None:
        pid = await gen_statem.start(Machine, log := [])
        assert await gen_statem.call(pid, "hej") == ("a", "hej")
        await gen_statem.stop(pid)
        assert log == [("terminate", "normal", "a")]

    run(body)


def test_gen_statem__start4_ignore_start5_stop() -> None:
    async def body() -> None:
        with pytest.raises(Ignored):
            await machine([], IGNORE)
        assert await ended() == "normal"
        with pytest.raises(StartError) as caught:
            await machine([], StopInit("why"))
        assert (caught.value.reason, await ended()) == ("why", "why")

    run(body)


def test_gen_statem__start7_bad_return() -> None:
    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await machine([], "hej")
        assert caught.value.reason == ("bad_return_from_init", "hej")

    run(body)


def test_gen_statem__start8__registered() -> None:
    async def body() -> None:
        pid = await machine([], name="m")
        assert whereis("m") is pid
        with pytest.raises(AlreadyStarted):
            await machine([], name="m")
        assert await gen_statem.call("m", 1) == ("a", 1)
        gen_statem.cast("m", answer(Stop()))
        await ended()
        with pytest.raises(CallError, match="noproc"):
            await gen_statem.call("m", 1)

    run(body)


def test_gen_statem__init_may_act() -> None:
    async def body() -> None:
        log: Log = []
        pid = await machine(log, ("a", log, [NextEvent("internal", 1), NextEvent("cast", 2)]))
        assert await seen(pid, log) == [("a", "internal", 1), ("a", "cast", 2)]

    run(body)


def test_gen_statem__stop1_stop7_reasons() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        with pytest.raises(CallError, match="timeout"):
            await gen_statem.call(pid, answer(Keep()), 0.01)
        await gen_statem.stop(pid, ("shutdown", "x"))
        assert (await ended(), log[-1]) == (("shutdown", "x"), ("terminate", ("shutdown", "x"), "a"))

    run(body)


def test_gen_statem__stop_and_reply() -> None:
    async def body() -> None:
        pid = await machine(log := [])

        def leave(type_: Called, state: str, data: Log) -> Stop:
            data.append("leaving")
            return Stop("normal", data, [Reply(type_.from_, "bye")])

        assert await gen_statem.call(pid, leave) == "bye"
        assert await ended() == "normal"
        assert log == ["leaving", ("terminate", "normal", "a")]

    run(body)


@pytest.mark.parametrize("reason", ["shutdown", ("shutdown", "x"), "normal"])
def test_gen_statem__shutdown__is_quiet(reason: object, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        gen_statem.cast(await machine([]), answer(Stop(reason)))
        assert await ended() == reason

    run(body)
    assert not caplog.records


def test_gen_statem__error_format_status__of_an_abnormal_stop(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await machine([])
        with pytest.raises(CallError) as caught:
            await gen_statem.call(pid, answer(Stop("abnormal")))
        assert (caught.value.why, await ended()) == ("abnormal", "abnormal")

    run(body)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "(hidden)" in caplog.text


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        ("hej", "bad_return_from_state_function"),
        (None, "bad_return_from_state_function"),
        (Keep(actions=["hej"]), "bad_action_from_state_function"),  # type: ignore[list-item]
        (Stop(replies=[Postpone()]), "bad_reply_action_from_state_function"),  # type: ignore[list-item]
    ],
)
def test_gen_statem__abnormal2__bad_answers(result: Any, fault: str) -> None:
    async def body() -> None:
        gen_statem.cast(await machine([]), answer(result))
        reason: Any = await ended()
        assert reason[0] == fault

    run(body)


def test_gen_statem__undef_in_terminate__crash_and_crash_in_terminate() -> None:
    class Bad(Machine):
        def terminate(self, reason: object, state: Any, log: Log) -> None:
            raise ProcessExit("crash_in_terminate")

    async def body() -> None:
        gen_statem.cast(await machine([]), lambda *_: 1 / 0)
        assert await ended() == Crash("ZeroDivisionError", "division by zero")
        gen_statem.cast(await machine([], cls=Bad), answer(Stop()))
        assert await ended() == "crash_in_terminate"

    run(body)


def test_gen_statem__parent_exit() -> None:
    class Trapper(Machine):
        def init(self, log: Log, *more: Any) -> Any:
            trap_exit()
            return "a", log

    async def body() -> None:
        pid = await machine(log := [], cls=Trapper)
        exit_(pid, "bye")
        assert (await ended(), log) == ("bye", [("terminate", "bye", "a")])

    run(body)


def test_gen_statem__undef_terminate1_and_state_function() -> None:
    async def body() -> None:
        trap_exit()
        pid = await gen_statem.start_link(Bare)
        assert pid is not None
        gen_statem.cast(pid, "x")
        reason = await ended()
        assert isinstance(reason, Crash)
        assert reason.kind == "AttributeError"
        with pytest.raises(StartError):
            await gen_statem.start(GenStatem)

    run(body)


# -- events


def test_gen_statem__event_types() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, 1)
        send(pid, 2)
        gen_statem.cast(pid, answer(Keep(actions=[NextEvent("internal", 3), NextEvent(Named("t"), 4)])))
        gen_statem.cast(pid, answer(Keep(actions=[Hibernate(), timeout("u", 0, 5)])))
        assert await seen(pid, log) == [
            ("a", "cast", 1),
            ("a", "info", 2),
            ("a", "internal", 3),
            ("a", Named("t"), 4),
            ("a", Named("u"), 5),
        ]

    run(body)


def test_state_functions() -> None:
    class Switch(GenStatem[int]):
        def init(self) -> Any:
            return "off", 0

        def off(self, type_: Any, event: Any, data: int) -> Any:
            return Next("on", data + 1)

        def on(self, type_: Any, event: Any, data: int) -> Any:
            return Next("off", data, Reply(type_.from_, data)) if isinstance(type_, Called) else Keep()

    async def body() -> None:
        assert Switch().callback_mode() == STATE_FUNCTIONS
        pid = await gen_statem.start(Switch)
        assert pid is not None
        gen_statem.cast(pid, "flip")
        assert await gen_statem.call(pid, "how often?") == 1
        assert await gen.system(pid, "get_state") == ("off", 1)

    run(body)


def test_gen_statem__next_events__go_before_all_others() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=[NextEvent("cast", 1), NextEvent("internal", 2)])))
        gen_statem.cast(pid, 3)
        assert [entry[2] for entry in await seen(pid, log)] == [1, 2, 3]

    run(body)


def postpone_in_a(tag: Any) -> Callable[..., Any]:
    def handle(_type: Any, state: str, log: Log) -> Any:
        if state == "a":
            return Keep(actions=Postpone())
        log.append((state, tag))
        return Keep()

    return handle


def test_gen_statem__event_order__postponed_events_come_back_after_a_change_of_state() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, postpone_in_a(1))
        gen_statem.cast(pid, postpone_in_a(2))
        gen_statem.cast(pid, answer(Next("a", actions=NextEvent("internal", "same state"))))
        gen_statem.cast(pid, answer(Next("b", actions=NextEvent("internal", "new"))))
        gen_statem.cast(pid, 3)
        assert await seen(pid, log) == [
            ("a", "internal", "same state"),
            ("b", "internal", "new"),
            ("b", 1),
            ("b", 2),
            ("b", "cast", 3),
        ]

    run(body)


def test_gen_statem__event_order() -> None:
    """next_event > postponed (the changing event itself last) > time-outs of zero > mailbox."""

    async def body() -> None:
        pid = await machine(log := [])

        def go(_type: Any, state: str, data: Log) -> Any:
            if state == "b":
                data.append(("b", "go"))
                return Keep()
            zeros = [timeout("t", 0, "zero"), state_timeout(0, "z2")]
            return Next("b", actions=[Postpone(), *zeros, NextEvent("internal", 0)])

        gen_statem.cast(pid, postpone_in_a(1))
        gen_statem.cast(pid, go)
        gen_statem.cast(pid, "last")
        assert await seen(pid, log) == [
            ("b", "internal", 0),
            ("b", 1),
            ("b", "go"),
            ("b", Named("t"), "zero"),
            ("b", "state_timeout", "z2"),
            ("b", "cast", "last"),
        ]

    run(body)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 99), st.sampled_from("ab")), max_size=12))
def test_postponing_against_a_model(script: list[Any]) -> None:
    """Letters change the state, numbers are postponed in a and noted in b: nothing is lost, order is kept."""

    async def body() -> None:
        pid = await machine(log := [])
        state, waiting, noted = "a", list[int](), list[int]()
        for word in script:
            if isinstance(word, str):
                gen_statem.cast(pid, answer(Next(word)))
                state = word
            else:
                gen_statem.cast(pid, postpone_in_a(word))
                waiting.append(word)
            if state == "b":
                noted, waiting = noted + waiting, []
        assert [tag for _state, tag in await seen(pid, log)] == noted

    run(body)


# -- time-outs


def test_gen_statem__state_timeout() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=state_timeout(0.01, "tick"))))
        gen_statem.cast(pid, 1)
        await until(lambda: len(log) == 2)
        assert log == [("a", "cast", 1), ("a", "state_timeout", "tick")]

    run(body)


def test_gen_statem__state_timeout__belongs_to_the_state_entered() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=state_timeout(0.01, "of a"))))
        gen_statem.cast(pid, answer(Next("b", actions=state_timeout(0.02, "of b"))))
        await until(lambda: log)
        await sleep(0.02)
        assert log == [("b", "state_timeout", "of b")]

    run(body)


def test_gen_statem__state_timeout__a_change_of_state_cancels_it() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=state_timeout(0.005, "of a"))))
        gen_statem.cast(pid, answer(Next("b")))
        gen_statem.cast(pid, answer(Keep(actions=timeout("t", 0.02, "last"))))
        await until(lambda: log)
        assert log == [("b", Named("t"), "last")]

    run(body)


def test_event_timeout_is_given_up_for_any_event() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=event_timeout(0.01, "tick"))))
        gen_statem.cast(pid, 1)
        await sleep(0.03)
        assert log == [("a", "cast", 1)]
        gen_statem.cast(pid, answer(Keep(actions=event_timeout(0.01, "tick"))))
        await until(lambda: len(log) == 2)
        assert log[1] == ("a", "timeout", "tick")

    run(body)


def test_gen_statem__generic_timers__outlive_all() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=[timeout("one", 0.02, 1), timeout("two", 0.01, 2)])))
        gen_statem.cast(pid, answer(Next("b")))
        await until(lambda: len(log) == 2)
        assert log == [("b", Named("two"), 2), ("b", Named("one"), 1)]

    run(body)


def test_gen_statem__timeout_cancel_and_update() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=[timeout("t", 0.01, 1), timeout("t", None)])))
        gen_statem.cast(pid, answer(Keep(actions=timeout("u", 0.01, 1))))
        gen_statem.cast(pid, answer(Keep(actions=UpdateTimeout(Named("u"), 2))))
        gen_statem.cast(pid, answer(Keep(actions=[timeout("v", 60, 1), timeout("v", 0.02, 3)])))
        gen_statem.cast(pid, answer(Keep(actions=UpdateTimeout("state_timeout", "at once"))))
        await until(lambda: len(log) == 3)
        await sleep(0.01)
        assert log == [("a", "state_timeout", "at once"), ("a", Named("u"), 2), ("a", Named("v"), 3)]

    run(body)


def test_a_timeout_that_fired_but_was_cancelled_does_not_come() -> None:
    async def slow(_type: Any, _state: str, _log: Log) -> Any:
        await sleep(0.02)
        return Keep(actions=timeout("t", None))

    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, answer(Keep(actions=timeout("t", 0.005, "late"))))
        gen_statem.cast(pid, slow)
        assert await seen(pid, log) == []

    run(body)


# -- state enter calls


def test_gen_statem__state_enter() -> None:
    async def body() -> None:
        pid = await machine(log := [], cls=Entering)
        gen_statem.cast(pid, answer(Next("b")))
        gen_statem.cast(pid, answer(Next("b")))
        gen_statem.cast(pid, answer(Repeat()))
        gen_statem.cast(pid, answer(Next("a", actions=NextEvent("internal", 1))))
        assert await seen(pid, log) == [
            ("a", "enter", "a"),
            ("b", "enter", "a"),
            ("b", "enter", "b"),
            ("a", "enter", "b"),
            ("a", "internal", 1),
        ]

    run(body)


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (Next("c"), "bad_state_enter_return_from_state_function"),
        (Keep(actions=Postpone()), "bad_state_enter_action_from_state_function"),
        (Keep(actions=NextEvent("cast", 1)), "bad_state_enter_action_from_state_function"),
    ],
)
def test_gen_statem__state_enter__may_not_move_on(result: Any, fault: str) -> None:
    class Mover(Entering):
        def handle_event(self, type_: Any, event: Any, state: Any, log: Log) -> Any:
            if type_ == "enter":
                return result if state == "b" else Keep()
            return super().handle_event(type_, event, state, log)

    async def body() -> None:
        gen_statem.cast(await machine([], cls=Mover), answer(Next("b")))
        reason: Any = await ended()
        assert reason[0] == fault

    run(body)


# -- async, and sys


def test_async_callbacks_keep_the_order() -> None:
    async def slow(_type: Any, _state: str, log: Log) -> Any:
        await sleep(0.005)
        log.append("slow")
        return Keep(actions=[NextEvent("internal", answer_slow), NextEvent("internal", 1)])

    async def answer_slow(_type: Any, _state: str, log: Log) -> Any:
        await sleep(0.001)
        log.append("inner")
        return Keep()

    async def body() -> None:
        pid = await machine(log := [])
        gen_statem.cast(pid, slow)
        gen_statem.cast(pid, 2)
        assert await seen(pid, log) == ["slow", "inner", ("a", "internal", 1), ("a", "cast", 2)]
        gen_statem.cast(pid, slow)
        gen_statem.cast(pid, answer(Stop()))
        await ended()
        assert log[-1] == ("terminate", "normal", "a")

    run(body)


def test_gen_statem__sys1() -> None:
    async def body() -> None:
        pid = await machine(log := [])
        await gen.system(pid, "suspend")
        gen_statem.cast(pid, 1)
        with pytest.raises(CallError, match="timeout"):
            await gen_statem.call(pid, 2, 0.01)
        assert log == []
        await gen.system(pid, "resume")
        assert await seen(pid, log) == [("a", "cast", 1)]

    run(body)


def test_gen_statem__get_state_replace_state_and_status() -> None:
    async def body() -> None:
        pid = await machine([])
        assert await gen.system(pid, "get_state") == ("a", [])
        assert await gen.system(pid, "replace_state", lambda s: ("b", s[1])) == ("b", [])
        assert await gen_statem.call(pid, 1) == ("b", 1)
        status = await gen.system(pid, "get_status")
        assert (status["behaviour"], status["state"]) == ("gen_statem", "(hidden)")

    run(body)


def test_gen_statem__code_change() -> None:
    class Newer(Machine):
        def code_change(self, old_vsn: object, state: Any, extra: object) -> Any:
            return "b", [extra]

    async def body() -> None:
        pid = await machine([])
        await gen.system(pid, "suspend")
        await gen.system(pid, "code_change", Newer(), "1", "extra")
        assert await gen.system(pid, "get_state") == ("b", ["extra"])
        assert is_alive(pid)

    run(body)
