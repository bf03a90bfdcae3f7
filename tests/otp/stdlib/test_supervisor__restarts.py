"""test_supervisor__restarts — who is restarted, with whom, and when a supervisor gives up or ends by itself.

OTP:  supervisor_SUITE
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import exit_, is_alive, receive, spawn_link
from otp.erts.signals import Exit
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Strategy, SupFlags
from otp.stdlib.gen_server import StopInit
from otp.stdlib.supervisor import ChildError
from tests.support.node import run, until
from tests.support.scripted_children import Script, children, end, end_pid, exit_reason, start, worker

ABC = ("a", "b", "c")


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.getLogger("otp").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("otp").setLevel(logging.NOTSET)


# -- restart types


def _after(restart: str, *reasons: object) -> list[str]:
    """What becomes of a child that ends for each of these reasons in turn: again, kept, or gone."""
    outcomes: list[str] = []

    async def body() -> None:
        sup = await start(SupFlags(intensity=len(reasons), period=3600), [])
        for reason in reasons:
            if "child" not in await children(sup):
                await supervisor.start_child(sup, worker(Script(), "child", restart=restart))
            elif (await children(sup))["child"] is None:
                await supervisor.restart_child(sup, "child")
            old = (await children(sup))["child"]
            await end(sup, "child", reason)
            now = (await children(sup)).get("child", "gone")
            outcomes.append("again" if isinstance(now, Pid) and now is not old else "kept" if now is None else "gone")
            counts = await supervisor.count_children(sup)
            assert (counts.specs, counts.active) == {"again": (1, 1), "kept": (1, 0), "gone": (0, 0)}[outcomes[-1]]

    run(body)
    return outcomes


def test_supervisor__permanent_normal() -> None:
    assert _after("permanent", "normal") == ["again"]


def test_supervisor__transient_normal() -> None:
    assert _after("transient", "normal") == ["kept"]


def test_supervisor__temporary_normal() -> None:
    assert _after("temporary", "normal") == ["gone"]


def test_supervisor__permanent_shutdown() -> None:
    assert _after("permanent", "shutdown", ("shutdown", "some_info")) == ["again", "again"]


def test_supervisor__transient_shutdown() -> None:
    assert _after("transient", "shutdown", ("shutdown", "some_info")) == ["kept", "kept"]


def test_supervisor__temporary_shutdown() -> None:
    assert _after("temporary", "shutdown", ("shutdown", "some_info")) == ["gone", "gone"]


def test_supervisor__permanent_abnormal() -> None:
    assert _after("permanent", "abnormal", "kill") == ["again", "again"]


def test_supervisor__transient_abnormal() -> None:
    assert _after("transient", "abnormal", "kill") == ["again", "again"]


def test_supervisor__temporary_abnormal() -> None:
    assert _after("temporary", "abnormal", "kill") == ["gone", "gone"]


# -- strategies


def _same_after(strategy: str, dying: str) -> str:
    """Which of three children are still the same after one was killed; the others were stopped and started in order."""
    same = ""

    async def body() -> None:
        nonlocal same
        script = Script()
        sup = await start(SupFlags(Strategy(strategy), 2, 3600), [worker(script, id_) for id_ in ABC])
        before = await children(sup)
        await end(sup, dying, "kill")
        after = await children(sup)
        same = "".join(id_ for id_ in ABC if before[id_] is after[id_])
        anew = [id_ for id_ in ABC if id_ not in same]
        assert script.of("start") == [*ABC, *anew]
        assert script.of("stop") == [id_ for id_ in reversed(anew) if id_ != dying]
        assert list(after) == list(ABC)

    run(body)
    return same


def test_supervisor__one_for_one() -> None:
    assert [_same_after("one_for_one", dying) for dying in ABC] == ["bc", "ac", "ab"]


def test_supervisor__one_for_all() -> None:
    assert [_same_after("one_for_all", dying) for dying in ABC] == ["", "", ""]


def test_supervisor__rest_for_one() -> None:
    assert [_same_after("rest_for_one", dying) for dying in ABC] == ["", "a", "ab"]


def _escalates(strategy: str) -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(Strategy(strategy), 4, 3600), [worker(script, id_) for id_ in ABC])
        for n in range(5):
            assert is_alive(sup)
            await end(sup, ABC[n % 3], "kill")
        assert await exit_reason(sup) == "shutdown"
        lives, stops = script.of("start"), script.of("stop")
        assert len(lives) == len(stops) + 5, "five were killed, all others were stopped"
        assert stops[-2:] == ["c", "a"], "the last one first"

    run(body)


def test_supervisor__one_for_one_escalation() -> None:
    _escalates("one_for_one")


def test_supervisor__one_for_all_escalation() -> None:
    _escalates("one_for_all")


def test_supervisor__rest_for_one_escalation() -> None:
    _escalates("rest_for_one")


def _other_fails(strategy: str) -> list[object]:
    """The starts after a first child was killed, when a later one fails to start the first time it is tried again."""
    starts: list[object] = []

    async def body() -> None:
        script = Script()
        script.starts["c"] = [None, StopInit("not yet")]
        sup = await start(SupFlags(Strategy(strategy), 4, 3600), [worker(script, id_) for id_ in ABC])
        await end(sup, "b", "kill")
        await until(lambda: script.of("start").count("c") == 2)
        assert (await supervisor.count_children(sup)).active == 3
        starts.extend(script.of("start")[3:])

    run(body)
    return starts


def test_supervisor__one_for_all_other_child_fails_restart() -> None:
    assert _other_fails("one_for_all") == ["a", "b", "a", "b", "c"]


def test_supervisor__rest_for_one_other_child_fails_restart() -> None:
    assert _other_fails("rest_for_one") == ["b", "c"], "the retry begins with the one that failed"


def test_supervisor__hanging_restart_loop_rest_for_one() -> None:
    """A child that never comes up again: its supervisor answers meanwhile, and can be told to give it up."""

    async def body() -> None:
        script = Script()
        script.starts["b"] = [None] + [StopInit("no")] * 10**6
        sup = await start(SupFlags(Strategy.REST_FOR_ONE, 10**6, 3600), [worker(script, id_) for id_ in ABC])
        first = (await children(sup))["a"]
        await end(sup, "b", "kill")
        assert await children(sup) == {"a": first, "b": "restarting", "c": None}
        counts = await supervisor.count_children(sup)
        assert (counts.specs, counts.active) == (3, 1)
        for verb in (supervisor.restart_child, supervisor.delete_child):
            with pytest.raises(ChildError, match="restarting"):
                await verb(sup, "b")
        await supervisor.terminate_child(sup, "b")
        assert await children(sup) == {"a": first, "b": None, "c": None}

    run(body)


# -- significant children


def auto(kind: str) -> SupFlags:
    return SupFlags(intensity=3, period=3600, auto_shutdown=AutoShutdown(kind))


def _nonsignificant(restart: str) -> None:
    async def body() -> None:
        for kind in ("never", "any_significant", "all_significant"):
            script = Script()
            sup = await start(auto(kind), [worker(script, id_, restart=restart) for id_ in ABC])
            for id_ in ABC:
                await end(sup, id_, "normal")
            await children(sup)
            assert is_alive(sup)

    run(body)


def test_supervisor__nonsignificant_temporary() -> None:
    _nonsignificant("temporary")


def test_supervisor__nonsignificant_transient() -> None:
    _nonsignificant("transient")


async def _significant(kind: str, restart: str, *reasons: object) -> int:
    """How many significant children must end, for these reasons in turn, until their supervisor does; 0: never."""
    script = Script()
    specs = [worker(script, n, restart=restart, significant=True) for n in range(len(reasons))]
    sup = await start(auto(kind), [*specs, worker(script, "bystander")])
    for n, reason in enumerate(reasons):
        await end(sup, n, reason)
        try:
            last = await receive(lambda m: getattr(m, "pid", None) is sup, 0.01)
        except ReceiveTimeout:
            continue
        assert last.reason == "shutdown"
        assert "bystander" in script.of("stop")
        return n + 1
    return 0


def test_supervisor__significant_temporary() -> None:
    async def body() -> None:
        for reason in ("normal", "shutdown", ("shutdown", "x"), "kill", "abnormal"):
            assert await _significant("any_significant", "temporary", reason, reason) == 1
            assert await _significant("all_significant", "temporary", reason, reason) == 2

    run(body)


def test_supervisor__significant_transient() -> None:
    async def body() -> None:
        for reason in ("normal", "shutdown", ("shutdown", "x")):
            assert await _significant("any_significant", "transient", reason, reason) == 1
            assert await _significant("all_significant", "transient", reason, reason) == 2
        for kind in ("any_significant", "all_significant"):
            assert await _significant(kind, "transient", "kill", "abnormal") == 0, "it is restarted"

    run(body)


def test_supervisor__significant_bystander() -> None:
    """One that goes because a sibling died, or because it was told to, has not ended by itself."""

    async def body() -> None:
        for restart in ("transient", "temporary"):
            flags = SupFlags(Strategy.ONE_FOR_ALL, 3, 3600, AutoShutdown.ANY_SIGNIFICANT)
            script = Script()
            sup = await start(flags, [worker(script, "a"), worker(script, "s", restart=restart, significant=True)])
            await end(sup, "a", "kill")
            assert ("s" in await children(sup)) is (restart == "transient")
            assert is_alive(sup)
            if restart == "transient":
                await supervisor.terminate_child(sup, "s")
                assert (await children(sup))["s"] is None

    run(body)


# -- the last of a simple_one_for_one


def test_supervisor__what_is_none_of_its_messages_is_logged_and_costs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Bare(supervisor.Supervisor):
        def init(self) -> Any:
            return {}, []

    async def body() -> None:
        sup: Any = await supervisor.start_link(Bare)
        process.send(sup, "hello")
        gen_server.cast(sup, "a cast")
        process.send(sup, Exit(None, "of nobody"))
        assert await supervisor.which_children(sup) == []

    caplog.set_level(logging.ERROR, "otp.supervisor")
    run(body)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["'hello'", "'a cast'"]


def test_supervisor__simple_one_for_one_shutdown(caplog: pytest.LogCaptureFixture) -> None:
    """Children that take their time, within their shutdown time, are waited for, together."""

    async def slow(n: int) -> Pid:
        async def live() -> None:
            await receive()

        return spawn_link(live, trap=True)

    async def body() -> None:
        spec = ChildSpec("slow", (slow, ()), shutdown=5.0, restart="temporary")  # type: ignore[arg-type]
        sup = await start(SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600), [spec])
        born = [await supervisor.start_child(sup, [n]) for n in range(50)]
        await end_pid(born[0], "kill")
        exit_(sup, "shutdown")
        assert await exit_reason(sup) == "shutdown"
        assert not any(is_alive(pid) for pid in born)

    caplog.set_level(logging.ERROR, "otp.supervisor")
    run(body)
    assert [record.__dict__["report"]["label"][1] for record in caplog.records] == ["child_terminated"]
