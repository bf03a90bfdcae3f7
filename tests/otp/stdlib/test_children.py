"""children — the way down: shutdown times, brutal_kill, infinity, children that unlink, many at once.

OTP:  supervisor_SUITE (sup_stop_*, child_unlink, order_of_children)
"""

from typing import Any

import pytest

from otp.erts.exits import ProcessExit
from otp.erts.pid import Pid
from otp.erts.process import exit_, is_alive, receive, self_, spawn_link, trap_exit, unlink
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.children import FAMILIES, Child, Family
from otp.stdlib.restart import StartChild
from tests.support.node import run, until
from tests.support.scripted_children import Script, pids, start, worker

SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600)


async def stubborn() -> Pid | None:
    """Starts a process that traps exits and does not go when told."""

    async def live() -> None:
        while True:
            await receive()

    return spawn_link(live, trap=True)


async def says(reason: str) -> Pid | None:
    """Starts a process that ends for a reason of its own when told to shut down."""

    async def live() -> None:
        await receive()
        raise ProcessExit(reason)

    return spawn_link(live, trap=True) if reason != "kill" else spawn_link(live)


def reports(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    found: list[dict[str, Any]] = [r.report for r in caplog.records if r.name == "otp.supervisor"]  # type: ignore[attr-defined]
    return [(report["label"][1], report["reason"]) for report in found]


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize(("shutdown", "reason"), [(0.01, "killed"), ("brutal_kill", None)])
def test_supervisor__sup_stop_timeout_and_brutal_kill(
    simple: bool, shutdown: Any, reason: object, caplog: pytest.LogCaptureFixture
) -> None:
    """brutal_kill is told nothing but kill, so "killed" is then no error."""

    async def body() -> None:
        spec = ChildSpec("a", (stubborn, ()), shutdown=shutdown)
        sup = await start(SIMPLE if simple else SupFlags(), [spec])
        pid = (await supervisor.start_child(sup, ())) if simple else (await pids(sup))[0]
        await gen_server.stop(sup, "shutdown")
        assert pid is not None
        assert not is_alive(pid)

    run(body)
    expected = reason if not simple or reason is None else (repr(reason), 1)
    assert reports(caplog) == ([] if reason is None else [("shutdown_error", expected)])


def test_supervisor__sup_stop_infinity() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, "a", shutdown="infinity")])
        await gen_server.stop(sup, "shutdown")
        assert script.log == [("start", "a"), ("stop", "a", "shutdown")]

    run(body)


def test_supervisor__sup_stop_non_shutdown_exit_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [ChildSpec("a", (says, ()), restart=Restart.TEMPORARY)])
        for reason in ("error", "error", "normal", "shutdown"):
            await supervisor.start_child(sup, (reason,))
        await gen_server.stop(sup, "shutdown")

    run(body)
    assert reports(caplog) == [("shutdown_error", (repr("error"), 2))], "grouped by reason"


@pytest.mark.parametrize(("restart", "errors"), [("permanent", 1), ("transient", 0), ("temporary", 0)])
def test_supervisor__normal_is_a_wrong_answer_of_a_permanent_child(
    restart: str, errors: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [ChildSpec("a", (says, ("normal",)), Restart(restart))])
        await gen_server.stop(sup, "shutdown")

    run(body)
    assert len(reports(caplog)) == errors


@pytest.mark.parametrize("simple", [False, True])
def test_supervisor__child_unlink(simple: bool) -> None:
    async def unlinker() -> Pid | None:
        sup = self_()

        async def live() -> None:
            unlink(sup)
            await receive()

        return spawn_link(live)

    async def body() -> None:
        sup = await start(SIMPLE if simple else SupFlags(), [ChildSpec("a", (unlinker, ()))])
        pid = (await supervisor.start_child(sup, ())) if simple else (await pids(sup))[0]
        assert pid is not None
        await until(lambda: not pid.target.links)
        await gen_server.stop(sup, "shutdown", timeout=2)
        assert not is_alive(pid)

    run(body)


@pytest.mark.parametrize("simple", [False, True])
def test_supervisor__sup_stop_race(simple: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A child that dies just before it is stopped: the reason of its exit counts, not the monitor's noproc."""

    async def body() -> None:
        sup = await start(SIMPLE if simple else SupFlags(), [ChildSpec("a", (says, ("kill",)))])
        pid = (await supervisor.start_child(sup, ())) if simple else (await pids(sup))[0]
        assert pid is not None
        exit_(sup, "shutdown")
        exit_(pid, "crash")
        await receive(timeout=2)

    run(body)
    assert reports(caplog) == [("shutdown_error", (repr("crash"), 1) if simple else "crash")]


def test_supervisor__order_of_children() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(Strategy.REST_FOR_ONE, 9, 3600), [worker(script, n) for n in range(3)])
        await supervisor.start_child(sup, worker(script, 3))
        await supervisor.terminate_child(sup, 1)
        await supervisor.restart_child(sup, 1)
        exit_((await pids(sup))[1], "kill")
        await until(lambda: len(script.of("start")) == 8)
        await gen_server.stop(sup, "shutdown")
        assert script.of("start")[-3:] == [1, 2, 3]
        assert script.of("stop")[-4:] == [3, 2, 1, 0]

    run(body)


def test_a_supervisor_is_listed_while_it_lives() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), "a")], name="top")
        assert FAMILIES[sup].name == "top"
        await gen_server.stop(sup, "shutdown")
        assert sup not in FAMILIES

    run(body)


def test_a_child_waits_in_either_of_two_ways() -> None:
    spec = ChildSpec("a", (stubborn, ()), restart=Restart.TEMPORARY)
    child = Child(spec, ("kept?",))
    assert child.extra == (), "arguments of temporary children are not kept"
    assert not child.is_up
    child.restarting = True
    assert child.is_up
    assert StartChild(("a",)).keys == ("a",)


def test_a_family_finds_its_children_by_pid() -> None:
    async def body() -> None:
        trap_exit()
        family, pid = Family("f", object, (), SupFlags()), self_()
        spec = ChildSpec("a", (stubborn, ()))
        family.add("a", Child(spec), pid)
        assert family.key_of(pid) == "a"
        family.set_pid("a", family.children["a"], None)
        assert family.key_of(pid) is None
        family.set_pid("a", family.children["a"], pid)
        family.drop("a")
        assert (family.key_of(pid), family.children) == (None, {})

    run(body)
