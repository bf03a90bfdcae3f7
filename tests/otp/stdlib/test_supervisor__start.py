"""test_supervisor__start — how a supervisor starts, and what it is told about children: specs, maps, extra answers.

OTP:  supervisor_SUITE
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts.exits import AlreadyStarted, Crash, ProcessExit, StartError
from otp.erts.pid import Pid
from otp.erts.process import is_alive, self_, trap_exit
from otp.kernel import global_
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import TEMPORARY, ChildSpec, SpecError, Strategy, SupFlags
from otp.stdlib.gen_server import IGNORE, StopInit
from otp.stdlib.supervisor import ChildCounts, ChildError
from tests.support.node import run, until
from tests.support.scripted_children import (
    Any_,
    Script,
    Worker,
    children,
    end,
    end_pid,
    exit_reason,
    pids,
    start,
    worker,
)
from tests.support.via_names import everywhere, run_globally

SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    names = ("otp.supervisor", "otp.proc_lib", "otp.process")
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)


def ignoring(*ids: object) -> Script:
    """A script whose children of these ids say IGNORE the first time."""
    script = Script()
    script.starts = {id_: [IGNORE] for id_ in ids}
    return script


async def counts(sup: Any) -> tuple[int, int, int, int]:
    c: ChildCounts = await supervisor.count_children(sup)
    return c.specs, c.active, c.supervisors, c.workers


def test_supervisor__sup_start_ignore_child() -> None:
    async def body() -> None:
        script = ignoring("child1")
        sup = await start(SupFlags(), [])
        assert await supervisor.start_child(sup, worker(script, "child1")) is None
        pid = await supervisor.start_child(sup, worker(script, "child2"))
        assert await children(sup) == {"child1": None, "child2": pid}
        assert await counts(sup) == (2, 1, 0, 2)

    run(body)


def test_supervisor__sup_start_ignore_temporary_child() -> None:
    async def body() -> None:
        script = ignoring("child1")
        sup = await start(SupFlags(), [worker(script, id_, restart=TEMPORARY) for id_ in ("child1", "child2")])
        assert list(await children(sup)) == ["child2"]
        assert await counts(sup) == (1, 1, 0, 1)

    run(body)


def test_supervisor__sup_start_ignore_temporary_child_start_child() -> None:
    async def body() -> None:
        script = ignoring("child1")
        sup = await start(SupFlags(), [])
        assert await supervisor.start_child(sup, worker(script, "child1", restart=TEMPORARY)) is None
        pid = await supervisor.start_child(sup, worker(script, "child2", restart=TEMPORARY))
        assert await children(sup) == {"child2": pid}
        assert await counts(sup) == (1, 1, 0, 1)

    run(body)


def _ignoring_simple(restart: str) -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [worker(ignoring("child"), "child", restart=restart)])
        assert await supervisor.start_child(sup, []) is None
        pid = await supervisor.start_child(sup, [])
        assert await pids(sup) == [pid]
        assert await counts(sup) == (1, 1, 0, 1)
        await gen_server.stop(sup, "shutdown")
        assert await exit_reason(sup) == "shutdown"

    run(body)


def test_supervisor__sup_start_ignore_temporary_child_start_child_simple() -> None:
    _ignoring_simple("temporary")


def test_supervisor__sup_start_ignore_permanent_child_start_child_simple() -> None:
    _ignoring_simple("permanent")


CHILDREN = [
    {"id": "child1", "start": (gen_server.start_link, (Worker, Script(), 1))},
    {"id": "child2", "start": (gen_server.start_link, (Worker, Script(), 2)), "shutdown": "brutal_kill"},
    {"id": "child3", "start": (gen_server.start_link, (Worker, Script(), 3)), "type": "supervisor"},
]


def test_supervisor__sup_start_map() -> None:
    async def body() -> None:
        trap_exit()
        sup: Any = await supervisor.start_link(Any_, ({}, CHILDREN))
        one, two, three = [await supervisor.get_childspec(sup, f"child{n}") for n in (1, 2, 3)]
        assert [str(one.restart), one.shutdown, one.type, one.significant] == ["permanent", 5.0, "worker", False]
        assert [two.shutdown, two.type] == ["brutal_kill", "worker"]
        assert [three.shutdown, three.type] == ["infinity", "supervisor"]
        with pytest.raises(ChildError, match="not_found"):
            await supervisor.get_childspec(sup, "child4")
        await gen_server.stop(sup, "shutdown")

    run(body)


def test_supervisor__sup_start_map_simple() -> None:
    async def body() -> None:
        trap_exit()
        sup: Any = await supervisor.start_link(Any_, ({"strategy": "simple_one_for_one"}, CHILDREN[:1]))
        pids_ = [await supervisor.start_child(sup, []) for _ in range(3)]
        for pid in pids_:
            assert (await supervisor.get_childspec(sup, pid)).id == "child1"
        assert (await supervisor.get_childspec(sup, pids_[0])).shutdown == 5.0
        with pytest.raises(ChildError, match="not_found"):
            await supervisor.get_childspec(sup, self_())

    run(body)


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        ({"start": CHILDREN[0]["start"]}, ("missing_id",)),
        ({"id": "child2"}, ("missing_start",)),
        ("child4", ("invalid_child_spec", "child4")),
        ({**CHILDREN[0], "restart": "sometimes"}, ("invalid_restart_type", "sometimes")),
    ],
)
def test_supervisor__sup_start_map_faulty_specs(faulty: Any, fault: tuple[object, ...]) -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError) as refused:
            await supervisor.start_link(Any_, ({}, [faulty]))
        assert refused.value.reason == ("start_spec", fault)
        sup: Any = await supervisor.start_link(Any_, ({}, [{**CHILDREN[0], "silly_flag": True}]))
        with pytest.raises(SpecError) as refused_too:
            await supervisor.start_child(sup, faulty)
        assert refused_too.value.reason == fault
        assert list(await children(sup)) == ["child1"]

    run(body)


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ({"strategy": "none_for_one"}, "invalid_strategy"),
        ({"intensity": "infinity"}, "invalid_intensity"),
        ({"period": 0}, "invalid_period"),
        ({"auto_shutdown": "foo"}, "invalid_auto_shutdown"),
    ],
)
def test_supervisor__sup_flags(flags: dict[str, Any], fault: str) -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError) as refused:
            await supervisor.start_link(Any_, (flags, []))
        reason: Any = refused.value.reason
        assert (reason[0], reason[1][0]) == ("supervisor_data", fault)
        assert await supervisor.start_link(Any_, ({"silly_flag": True}, [])) is not None

    run(body)


def test_supervisor__child_specs_map() -> None:
    """Maps and values are checked alike, one by one and as a set."""
    supervisor.check_childspecs(CHILDREN)
    supervisor.check_childspecs([worker(Script(), "a"), CHILDREN[0]])
    for field, value, fault in (
        ("start", "mfa", "invalid_mfa"),
        ("restart", "prmanent", "invalid_restart_type"),
        ("shutdown", -10, "invalid_shutdown"),
        ("type", "wrker", "invalid_child_type"),
        ("modules", "dy", "invalid_modules"),
        ("significant", "x", "invalid_significant"),
    ):
        with pytest.raises(SpecError) as refused:
            supervisor.check_childspecs([{**CHILDREN[0], field: value}])
        assert refused.value.reason[0] == fault
    with pytest.raises(SpecError, match="duplicate_child_name"):
        supervisor.check_childspecs([CHILDREN[0], CHILDREN[0]])
    significant = {**CHILDREN[0], "significant": True, "restart": "temporary"}
    with pytest.raises(SpecError, match="bad_combination"):
        supervisor.check_childspecs([significant])
    supervisor.check_childspecs([significant], SupFlags(auto_shutdown="any_significant"))  # type: ignore[arg-type]


async def with_info(script: Script, id_: object, *extra: object) -> tuple[Pid, str]:
    """A start function that has something to say beside the pid."""
    pid = await gen_server.start_link(Worker, script, id_, *extra)
    assert pid is not None
    return pid, "extra_return"


def test_supervisor__extra_return() -> None:
    async def body() -> None:
        spec = ChildSpec("child1", (with_info, (Script(), "child1")))
        sup = await start(SupFlags(), [spec])
        (pid,) = await pids(sup)
        for verb in (supervisor.terminate_child, supervisor.delete_child, supervisor.restart_child):
            with pytest.raises(ChildError, match="not_found"):
                await verb(sup, "hej")
        for verb in (supervisor.delete_child, supervisor.restart_child):
            with pytest.raises(ChildError, match="running"):
                await verb(sup, "child1")
        await supervisor.terminate_child(sup, "child1")
        assert not is_alive(pid)
        assert await counts(sup) == (1, 0, 0, 1)
        again, info = await supervisor.restart_child(sup, "child1")
        assert (await children(sup), info) == ({"child1": again}, "extra_return")
        await supervisor.terminate_child(sup, "child1")
        await supervisor.delete_child(sup, "child1")
        assert await counts(sup) == (0, 0, 0, 0)
        third, info = await supervisor.start_child(sup, spec)
        assert (await children(sup), info) == ({"child1": third}, "extra_return")
        await end(sup, "child1", "kill")
        assert (await pids(sup)) != [third]

    run(body)


def test_supervisor__simple_one_for_one_extra() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SIMPLE, [ChildSpec("child", (with_info, (script, "child")))])
        one, info = await supervisor.start_child(sup, [1])
        two, _ = await supervisor.start_child(sup, [2])
        assert (await pids(sup), info) == ([one, two], "extra_return")
        await end_pid(two, "kill")
        assert (await counts(sup))[1] == 2
        assert [entry[2] for entry in script.log if entry[0] == "start"] == [1, 2, 2]

    run(body)


def test_supervisor__simple_one_for_one_corruption() -> None:
    """What cannot be started is refused, and leaves nothing among the children."""

    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "child")])
        one = await supervisor.start_child(sup, [])
        for wrong in ("no arguments", {"id": 1}, worker(Script(), "x")):
            with pytest.raises(SpecError):
                await supervisor.start_child(sup, wrong)  # type: ignore[arg-type]
        assert (await pids(sup), await counts(sup)) == ([one], (1, 1, 0, 1))
        await gen_server.stop(sup, "shutdown")
        assert await exit_reason(sup) == "shutdown"

    run(body)


def test_supervisor__sup_start_child_returns_error__or_something_else() -> None:
    async def strange() -> Any:
        return "bad thing"

    async def body() -> None:
        sup = await start(SupFlags(), [])
        with pytest.raises(StartError, match="bad thing"):
            await supervisor.start_child(sup, ChildSpec("a", (strange, ())))
        assert await children(sup) == {}

    run(body)


def test_supervisor__get_callback_module() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [])
        assert await supervisor.get_callback_module(sup) is Any_

    run(body)


def test_supervisor__count_children_supervisor() -> None:
    async def body() -> None:
        script = Script()
        inner = [supervisor.spec(Any_, (SupFlags(), [worker(script, "x")]), id=f"inner{n}") for n in range(2)]
        sup = await start(SupFlags(), [*inner, worker(script, "a")])
        assert await counts(sup) == (3, 3, 2, 1)
        await supervisor.terminate_child(sup, "inner0")
        assert await counts(sup) == (3, 2, 2, 1)
        await supervisor.delete_child(sup, "inner0")
        assert await counts(sup) == (2, 2, 1, 1)

    run(body)


def test_supervisor__faulty_application_shutdown() -> None:
    """A fault deep in a tree of supervisors reaches who starts it, with every step of its way."""

    async def body() -> None:
        script = Script()
        script.starts["bad"] = [ValueError("faulty")]
        inner = supervisor.spec(Any_, (SupFlags(), [worker(script, "bad")]), id="inner")
        with pytest.raises(StartError) as failed:
            await start(SupFlags(), [worker(script, "ok"), inner])
        fault = ("shutdown", ("failed_to_start_child", "bad", Crash("ValueError", "faulty")))
        assert failed.value.reason == ("shutdown", ("failed_to_start_child", "inner", fault))
        assert script.log[-1] == ("stop", "ok", "shutdown")

    run(body)


def test_supervisor__simple_global_supervisor() -> None:
    """A supervisor and its child, with global names: killed, the child comes back under its name."""

    async def body() -> None:
        trap_exit()
        spec = gen_server.spec(Worker, Script(), "w", name=everywhere("worker"))
        assert spec.id == "worker"
        sup = await supervisor.start_link(Any_, (SupFlags(), [spec]), name=everywhere("sup"))
        assert await supervisor.which_children(everywhere("sup"))
        with pytest.raises(AlreadyStarted) as taken:
            await supervisor.start_link(Any_, (SupFlags(), [spec]), name=everywhere("sup"))
        assert taken.value.pid is sup
        first = global_.whereis_name("worker")
        assert first is not None
        await end_pid(first, "kill")
        await until(lambda: global_.whereis_name("worker") not in (None, first))
        await gen_server.stop(everywhere("sup"), "shutdown")
        await until(lambda: not global_.registered_names())

    run_globally(body)


def test_a_child_that_fails_by_exit_says_why() -> None:
    async def gone() -> Any:
        raise ProcessExit("gone")

    async def body() -> None:
        script = Script()
        script.starts["a"] = [StopInit("no")]
        sup = await start(SupFlags(), [])
        for spec, reason in ((worker(script, "a"), "no"), (ChildSpec("b", (gone, ())), "gone")):
            with pytest.raises(StartError, match=reason):
                await supervisor.start_child(sup, spec)

    run(body)
