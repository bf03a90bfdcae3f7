"""test_callback — callback classes hold no attributes, and what is passed or returned wrongly is told in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import Crash, StartError
from otp.kernel.application import Application
from otp.stdlib import gen_event, gen_fsm, gen_server, gen_statem, supervisor, supervisor_bridge
from otp.stdlib.callback import StateOnSelf, callbacks
from otp.stdlib.gen_event import EventHandler
from otp.stdlib.gen_fsm import GenFsm, NextState
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from otp.stdlib.gen_statem import GenStatem, Next
from otp.stdlib.supervisor import Supervisor
from otp.stdlib.supervisor_bridge import SupervisorBridge

BASES = [GenServer, GenStatem, GenFsm, EventHandler, Supervisor, SupervisorBridge, Application]


@pytest.mark.parametrize("base", BASES)
def test_an_attribute_on_self_is_refused_in_every_behaviour(base: type) -> None:
    class Mine(base):  # type: ignore[misc]
        limit = 3

        def init(self, *args: Any) -> Any:
            self.count = 0

    with pytest.raises(StateOnSelf, match=r"self.count of .*Mine: .*Keep 'count' in the state"):
        callbacks(Mine).init()
    assert callbacks(Mine).limit == 3


@pytest.mark.parametrize("base", BASES)
def test_so_is_one_that_is_set_when_the_object_is_made(base: type) -> None:
    class Mine(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.count = 0

    with pytest.raises(StateOnSelf):
        callbacks(Mine)


def test_a_server_that_keeps_its_state_on_self_does_not_start_and_says_why() -> None:
    class Account(GenServer[None]):
        def init(self, balance: int) -> None:
            self.balance = balance

    async def main() -> Any:
        with pytest.raises(StartError) as refused:
            await gen_server.start(Account, 1)
        return refused.value.reason

    reason = runtime.run(main)
    assert isinstance(reason, Crash)
    assert reason.kind == "StateOnSelf"
    assert "Keep 'balance' in the state" in reason.text


class S(GenServer[int]):
    """A server that returns what it is asked to."""

    def init(self, *args: Any) -> Any:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return request

    def handle_cast(self, request: Any, state: int) -> Any:
        return request

    def handle_info(self, message: Any, state: int) -> Any:
        return message[1]

    def handle_continue(self, arg: Any, state: int) -> Any:
        return arg


class M(GenStatem[int]):
    """The same as a machine."""

    def init(self, *args: Any) -> Any:
        return "idle", 0

    def idle(self, type_: Any, event: Any, data: int) -> Any:
        return event


class F(GenFsm[int]):
    """The same in the older words."""

    def init(self, *args: Any) -> Any:
        return "idle", 0

    def idle(self, event: Any, data: int) -> Any:
        return event

    def idle_sync(self, event: Any, from_: Any, data: int) -> Any:
        return event

    def handle_event(self, event: Any, name: str, data: int) -> Any:
        return event

    def handle_sync_event(self, event: Any, from_: Any, name: str, data: int) -> Any:
        return event


START = {S: gen_server.start, M: gen_statem.start, F: gen_fsm.start}
REPLY: Any = Reply(1, 2)


async def asked(module: Any, ask: Callable[[Any], Any]) -> Any:
    """The reason for which a process of `module` ends when it is asked so."""
    pid = await START[module](module)
    ref = process.monitor(pid)
    process.spawn(ask, pid)
    return (await process.receive(lambda m: getattr(m, "ref", None) is ref, 20)).reason


@pytest.mark.parametrize(
    ("module", "ask", "reason", "words"),
    [
        (S, lambda p: gen_server.call(p, None), ("bad_return_value", None),
         "handle_call of S returned None: return Reply(value, state), NoReply(state) or Stop(reason, state)"),
        (S, lambda p: gen_server.cast(p, 7), ("bad_return_value", 7),
         "handle_cast of S returned 7 for 7: return NoReply"),
        (S, lambda p: gen_server.cast(p, REPLY), ("bad_return_value", REPLY), "nobody waits for an answer here"),
        (S, lambda p: process.send(p, ("x", 7)), ("bad_return_value", 7), "handle_info of S returned 7"),
        (S, lambda p: gen_server.cast(p, NoReply(0, continue_=9)), ("bad_return_value", 9),
         "handle_continue of S returned 9 for 9: return NoReply(state) or Stop(reason, state)"),
        (M, lambda p: gen_statem.cast(p, 7), ("bad_return_from_state_function", 7),
         "idle of M returned 7 for ('cast', 7): return Next(state, data), Keep(data), Repeat(data) or Stop("),
        (F, lambda p: gen_fsm.send_event(p, 7), ("bad_return_value", 7),
         "idle of F returned 7 for 7: return NextState"),
        (F, lambda p: gen_fsm.sync_send_event(p, 7), ("bad_return_value", 7),
         "idle_sync of F returned 7 for 7: return ReplyNext"),
        (F, lambda p: gen_fsm.send_all_state_event(p, 7), ("bad_return_value", 7), "handle_event of F returned 7"),
        (F, lambda p: gen_fsm.sync_send_all_state_event(p, 7), ("bad_return_value", 7),
         "handle_sync_event of F returned 7"),
    ],
)  # fmt: skip
def test_a_wrong_return_value_is_told_in_words_and_keeps_otp_s_reason(
    module: Any, ask: Any, reason: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert runtime.run(lambda: asked(module, ask)) == reason
    assert any(words in record.getMessage() for record in caplog.records), caplog.text


def test_an_event_handler_s_too(caplog: pytest.LogCaptureFixture) -> None:
    class H(EventHandler[int]):
        def init(self) -> int:
            return 0

        def handle_event(self, event: Any, state: int) -> Any:
            return event

        def handle_call(self, request: Any, state: int) -> Any:
            return request

    async def main() -> None:
        manager = await gen_event.start()
        await gen_event.add_handler(manager, H)
        await gen_event.sync_notify(manager, 7)
        await gen_event.add_handler(manager, H)
        with pytest.raises(gen_event.HandlerError) as refused:
            await gen_event.call(manager, H, 8)
        assert refused.value.reason == ("bad_return_value", 8)

    runtime.run(main)
    assert "handle_event of" in caplog.text
    assert "returned 7 for 7: return Ok(state), Remove() or Swap" in caplog.text
    assert "returned 8 for 8: return Reply(value, state)" in caplog.text


@pytest.mark.parametrize("start", [gen_server.start, gen_server.start_link, gen_server.start_monitor])
def test_an_instance_in_place_of_its_class_is_told(start: Any) -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="an instance of S was passed where a class is due: pass S itself"):
            await start(S())
        with pytest.raises(TypeError, match="where a class is due: pass a subclass of GenServer"):
            await start(print)
        with pytest.raises(TypeError, match="M is no GenServer: it has the base classes GenStatem"):
            await start(M)
        with pytest.raises(TypeError, match="no option 'nmae': did you mean 'name'"):
            await start(S, nmae="x")

    runtime.run(main)


@pytest.mark.parametrize(
    ("start", "base"),
    [
        (gen_statem.start, "GenStatem"),
        (gen_fsm.start, "GenFsm"),
        (supervisor.start_link, "Supervisor"),
        (supervisor_bridge.start_link, "SupervisorBridge"),
    ],
)
def test_every_start_wants_a_class_of_its_own_kind(start: Any, base: str) -> None:
    async def main() -> None:
        process.trap_exit()
        with pytest.raises((TypeError, StartError)) as refused:
            await start(S)
        assert f"S is no {base}" in str(getattr(refused.value, "reason", None) or refused.value)

    runtime.run(main)


def test_results_show_what_was_not_given_by_a_word() -> None:
    shown = [
        repr(one) for one in (Reply(1, 2), NoReply(2), Stop("x", 2), NextState("a", 2), Next("a"), gen_server.Init(1))
    ]
    assert not [one for one in shown if "object at" in one], shown
    assert shown[0] == "Reply(value=1, state=2, timeout=None, continue_=ABSENT)"
