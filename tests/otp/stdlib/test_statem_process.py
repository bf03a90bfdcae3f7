"""The machine under gen_statem: in which order events come, when time-outs are void, what a callback may not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_statem
from otp.stdlib.gen_statem import GenStatem
from otp.stdlib.transitions import Called, Keep, Named, Next, NextEvent, Postpone, Reply, SetTimeout, Stop
from tests.support.node import run

Seen = list[tuple[str, Any]]
Rule = Callable[[Any, Any, str], Any]


class Scripted(GenStatem[Seen]):
    """Notes every event with its state, and answers what the script says (default: stay)."""

    script: Rule = staticmethod(lambda type_, event, state: None)
    modes: tuple[str, ...] = ("handle_event_function",)

    def callback_mode(self) -> tuple[str, ...]:
        return self.modes

    def init(self) -> tuple[str, Seen]:
        return "one", []

    def handle_event(self, type_: Any, event: Any, state: Any, data: Seen) -> Any:
        if isinstance(type_, Called) and event == "seen":
            return Keep(actions=Reply(type_.from_, list(data)))
        data.append((state, event))
        return self.script(type_, event, state) or Keep()


def machine(rule: Rule, *modes: str) -> type[Scripted]:
    """A machine that follows a rule."""
    return type("Machine", (Scripted,), {"script": staticmethod(rule), "modes": ("handle_event_function", *modes)})


def play(rule: Rule, *events: Any, modes: tuple[str, ...] = (), wait: float = 0.0) -> Seen:
    """What a machine has seen after these events."""

    async def body() -> Seen:
        pid = await gen_statem.start(machine(rule, *modes))
        assert pid is not None
        for event in events:
            gen_statem.cast(pid, event)
        if wait:
            await process.sleep(wait)
        seen: Seen = await gen_statem.call(pid, "seen")
        return seen

    return run(body)


def end_of(rule: Rule, *modes: str) -> Any:
    """The reason a machine ends with when it is sent "go"."""

    async def body() -> Any:
        pid = await gen_statem.start(machine(rule, *modes))
        assert pid is not None
        process.monitor(pid)
        gen_statem.cast(pid, "go")
        return (await process.receive(timeout=5.0)).reason

    return run(body)


def test_inserted_events_come_before_postponed_ones_and_those_before_the_mailbox() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        if event == "later" and state == "one":
            return Keep(actions=Postpone())
        if event == "go":
            return Next("two", actions=[NextEvent("internal", "first"), NextEvent("internal", "second")])
        return None

    seen = play(rule, "later", "go", "last")
    assert seen == [
        ("one", "later"), ("one", "go"), ("two", "first"), ("two", "second"), ("two", "later"), ("two", "last"),
    ]  # fmt: skip


def test_postponed_events_keep_their_order_and_come_once() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        if isinstance(event, int) and state == "one":
            return Keep(actions=Postpone())
        return Next("two") if event == "go" else None

    assert play(rule, 1, 2, 3, "go")[4:] == [("two", 1), ("two", 2), ("two", 3)]


def test_a_postponed_event_waits_for_a_change_of_state() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        return Keep(actions=Postpone()) if event == "later" else None

    assert play(rule, "later", "a", "b") == [("one", "later"), ("one", "a"), ("one", "b")]


def test_a_time_out_of_zero_comes_after_inserted_events() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        if event == "go":
            return Keep(actions=[SetTimeout(Named("t"), 0, "zero"), NextEvent("internal", "inserted")])
        return None

    assert [event for _, event in play(rule, "go")] == ["go", "inserted", "zero"]


def test_an_event_time_out_is_given_up_when_anything_comes() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        return Keep(actions=SetTimeout("timeout", 0.01, "too late")) if event == "go" else None

    assert [event for _, event in play(rule, "go", "something", wait=0.05)] == ["go", "something"]
    assert [event for _, event in play(rule, "go", wait=0.05)] == ["go", "too late"]


def test_a_state_time_out_ends_with_its_state() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        if event == "go":
            return Keep(actions=SetTimeout("state_timeout", 0.01, "too late"))
        return Next("two") if event == "on" else None

    assert [event for _, event in play(rule, "go", "on", wait=0.05)] == ["go", "on"]
    assert [event for _, event in play(rule, "go", "stay", wait=0.05)] == ["go", "stay", "too late"]


def test_a_named_time_out_outlives_both_and_is_set_anew_or_taken_back() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        match event:
            case "go":
                return Next("two", actions=SetTimeout(Named("t"), 0.01, "old"))
            case "again":
                return Keep(actions=SetTimeout(Named("t"), 0.01, "new"))
            case "never":
                return Keep(actions=SetTimeout(Named("t"), None))
        return None

    assert [event for _, event in play(rule, "go", "x", wait=0.05)] == ["go", "x", "old"]
    assert [event for _, event in play(rule, "go", "again", wait=0.05)] == ["go", "again", "new"]
    assert [event for _, event in play(rule, "go", "never", wait=0.05)] == ["go", "never"]


def test_enter_calls_come_at_the_start_and_at_each_change_before_all_else() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        if event == "go" and type_ != "enter":
            return Next("two", actions=NextEvent("internal", "inserted"))
        return None

    seen = play(rule, "go", modes=("state_enter",))
    assert seen == [("one", "one"), ("one", "go"), ("two", "one"), ("two", "inserted")]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda type_: "stay" if type_ == "cast" else Keep(), "bad_return_value"),
        (lambda type_: Keep(actions="jump") if type_ == "cast" else Keep(), "bad_action"),
        (lambda type_: Next("three") if type_ == "enter" else Next("two"), "bad_state_enter_return"),
        (lambda type_: Keep(actions=Postpone()) if type_ == "enter" else Next("two"), "bad_action"),
    ],
)
def test_what_a_callback_may_not_answer_ends_the_machine_with_its_name(answer: Any, word: str) -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        return Keep() if (state, type_) == ("one", "enter") else answer(type_)

    reason = end_of(rule, "state_enter")
    assert reason[0] == word


def test_a_stop_may_answer_callers_before_the_end() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        return Stop("shutdown", replies=[Reply(type_.from_, "farewell")]) if event == "end" else None

    async def body() -> Any:
        pid = await gen_statem.start(machine(rule))
        assert pid is not None
        process.monitor(pid)
        answer = await gen_statem.call(pid, "end")
        return answer, (await process.receive(timeout=5.0)).reason

    assert run(body) == ("farewell", "shutdown")


def test_an_async_callback_keeps_the_order() -> None:
    class Patient(Scripted):
        async def handle_event(self, type_: Any, event: Any, state: Any, data: Seen) -> Any:
            if not isinstance(type_, Called):
                await process.sleep(0.001)
            return super().handle_event(type_, event, state, data)

    async def body() -> Any:
        pid = await gen_statem.start(Patient)
        assert pid is not None
        for number in range(5):
            gen_statem.cast(pid, number)
        return await gen_statem.call(pid, "seen")

    assert run(body) == [("one", number) for number in range(5)]


def test_a_caller_hears_why_the_machine_fell() -> None:
    def rule(type_: Any, event: Any, state: str) -> Any:
        raise ValueError("no such event")

    async def body() -> None:
        pid: Pid | None = await gen_statem.start(machine(rule))
        assert pid is not None
        with pytest.raises(CallError) as caught:
            await gen_statem.call(pid, "anything")
        assert caught.value.why.kind == "ValueError"

    run(body)
