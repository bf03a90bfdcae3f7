"""supervisor — start, strategies, restart types, escalation, significant children, many children; and a model.

OTP:  supervisor_SUITE, by the names of its cases
"""

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts.exits import AlreadyStarted, Crash, Ignored, ProcessExit, StartError
from otp.erts.pid import Pid
from otp.erts.process import exit_, is_alive, process_info, processes, self_, sleep, trap_exit, whereis
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.children import FAMILIES
from otp.stdlib.gen_server import IGNORE, StopInit
from otp.stdlib.supervisor import ChildError, Supervisor
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

ABC = ("a", "b", "c")
SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600)
ABNORMAL: list[object] = ["kill", "abnormal", ("error", "x")]
CLEAN: list[object] = ["normal", "shutdown", ("shutdown", "x")]


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    names = ("otp.supervisor", "otp.proc_lib", "otp.process")
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)


# -- start


def test_supervisor__sup_start_normal() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, id_) for id_ in ABC], name="sup")
        assert whereis("sup") is sup
        assert script.of("start") == list(ABC)
        exit_(sup, "shutdown")
        assert await exit_reason(sup) == "shutdown"
        assert script.of("stop") == ["c", "b", "a"]
        assert script.log[-1] == ("stop", "a", "shutdown")

    run(body)


def test_supervisor__sup_start_ignore_init() -> None:
    async def body() -> None:
        with pytest.raises(Ignored):
            await supervisor.start_link(Any_, IGNORE)

    run(body)


@pytest.mark.parametrize("answer", [None, "x", (SupFlags(),), ([], SupFlags())])
def test_supervisor__sup_start_error_return(answer: Any) -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError) as caught:
            await supervisor.start_link(Any_, answer)
        assert caught.value.reason == ("bad_return", ("Any_", "init", answer))

    run(body)


def test_supervisor__sup_start_fail() -> None:
    class Bad(Supervisor):
        def init(self) -> Any:
            raise ProcessExit("crash")

    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError) as caught:
            await supervisor.start_link(Bad)
        assert caught.value.reason == "crash"

    run(body)


def test_supervisor__undef_init() -> None:
    async def body() -> None:
        trap_exit()
        with pytest.raises(StartError) as caught:
            await supervisor.start_link(Supervisor)
        assert isinstance(caught.value.reason, Crash)

    run(body)


def test_supervisor__sup_start_map_faulty_specs() -> None:
    async def body() -> None:
        trap_exit()
        specs = [worker(Script(), "a")] * 2
        with pytest.raises(StartError) as caught:
            await supervisor.start_link(Any_, (SupFlags(), specs))
        assert caught.value.reason == ("start_spec", ("duplicate_child_name", "a"))

    run(body)


def test_supervisor__taken_name() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [], name="sup")
        with pytest.raises(AlreadyStarted) as caught:
            await start(SupFlags(), [], name="sup")
        assert caught.value.pid is sup

    run(body)


def test_supervisor__sup_start_child_returns_error() -> None:
    async def body() -> None:
        script = Script()
        script.starts["b"] = [StopInit("why")]
        with pytest.raises(StartError) as caught:
            await start(SupFlags(), [worker(script, id_) for id_ in ABC])
        assert caught.value.reason == ("shutdown", ("failed_to_start_child", "b", "why"))
        assert script.log == [("start", "a"), ("stop", "a", "shutdown")]
        assert FAMILIES == {}

    run(body)


def test_supervisor__child_start_function_crashes() -> None:
    async def bad() -> Pid | None:
        raise ValueError("no")

    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await start(SupFlags(), [ChildSpec("a", (bad, ()))])
        assert caught.value.reason == ("shutdown", ("failed_to_start_child", "a", Crash("ValueError", "no")))

    run(body)


@pytest.mark.parametrize(
    ("restart", "listed"), [("permanent", {"a": None}), ("transient", {"a": None}), ("temporary", {})]
)
def test_supervisor__sup_start_ignore_child(restart: str, listed: Any) -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [IGNORE]
        sup = await start(SupFlags(), [worker(script, "a", restart=restart)])
        assert await children(sup) == listed

    run(body)


def test_supervisor__tree() -> None:
    async def body() -> None:
        script = Script()
        inner = [worker(script, "y"), worker(script, "z")]
        spec = supervisor.spec(Any_, (SupFlags(), inner), id="inner", name="inner_sup")
        sup = await start(SupFlags(), [worker(script, "a"), spec])
        inner_sup = whereis("inner_sup")
        assert await children(sup) == {"a": (await pids(sup))[0], "inner": inner_sup}
        assert spec.shutdown == "infinity"
        await gen_server.stop(sup, "shutdown")
        assert script.of("stop") == ["z", "y", "a"]
        assert inner_sup is not None
        assert not is_alive(inner_sup)

    run(body)


def test_supervisor__parent_dies_for_another_reason() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, "a")])
        exit_(sup, "boom")
        assert await exit_reason(sup) == "boom"
        assert script.log[-1] == ("stop", "a", "shutdown")

    run(body)


# -- restart types


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL)
def test_supervisor__permanent_normal_shutdown_abnormal(reason: object) -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, "a")])
        old = await pids(sup)
        await end(sup, "a", reason)
        new = await pids(sup)
        assert len(new) == 1
        assert new != old

    run(body)


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL)
def test_supervisor__transient_normal_shutdown_abnormal(reason: object) -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, "a", restart="transient")])
        await end(sup, "a", reason)
        now = (await children(sup))["a"]
        assert (now is not None) is (reason in ABNORMAL)

    run(body)


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL)
def test_supervisor__temporary_normal_shutdown_abnormal(reason: object) -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), "a", restart="temporary")])
        await end(sup, "a", reason)
        assert await children(sup) == {}

    run(body)


# -- strategies


@pytest.mark.parametrize(("strategy", "same"), [("one_for_one", "ac"), ("rest_for_one", "a"), ("one_for_all", "")])
def test_supervisor__one_for_one_rest_for_one_one_for_all(strategy: str, same: str) -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(Strategy(strategy)), [worker(script, id_) for id_ in ABC])
        before = await children(sup)
        await end(sup, "b", "kill")
        after = await children(sup)
        assert "".join(id_ for id_ in ABC if before[id_] is after[id_]) == same
        restarted = [id_ for id_ in ABC if id_ not in same]
        assert script.of("start") == [*ABC, *restarted]
        assert script.of("stop") == [id_ for id_ in reversed(restarted) if id_ != "b"]

    run(body)


@pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one", "one_for_all"])
def test_supervisor__escalation(strategy: str) -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(Strategy(strategy)), [worker(script, id_) for id_ in ABC])
        await end(sup, "a", "kill")
        await end(sup, "b", "kill")
        assert await exit_reason(sup) == "shutdown"
        assert script.of("stop")[-2:] == ["c", "a"]

    run(body)


def test_supervisor__escalation_goes_up() -> None:
    async def body() -> None:
        script = Script()
        inner = supervisor.spec(Any_, (SupFlags(intensity=0), [worker(script, "x")]), id="inner")
        sup = await start(SupFlags(), [inner])
        old = (await children(sup))["inner"]
        await end(old, "x", "kill")
        await until(lambda: script.of("start") == ["x", "x"])
        new = (await children(sup))["inner"]
        assert new is not old
        assert is_alive(sup)

    run(body)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_supervisor__other_child_fails_restart(strategy: str) -> None:
    async def body() -> None:
        script = Script()
        script.starts["c"] = [None, StopInit("first"), StopInit("second")]
        sup = await start(SupFlags(Strategy(strategy), 3, 3600), [worker(script, id_) for id_ in ABC])
        await end(sup, "a", "kill")
        await until(lambda: script.of("start").count("c") == 2)
        assert (await supervisor.count_children(sup)).active == 3
        again = 3 if strategy == "one_for_all" else 1
        assert script.of("start").count("a") == 1 + again
        await end(sup, "a", "kill")
        assert await exit_reason(sup) == "shutdown"

    run(body)


def test_supervisor__multiple_restarts() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(Strategy.ONE_FOR_ALL, 2, 3600), [worker(script, id_) for id_ in ABC])
        for pid in await pids(sup):
            exit_(pid, "kill")
        await until(lambda: len(script.of("start")) == 6)
        await sleep(0.005)
        assert len(script.of("start")) == 6, "three deaths at once are one incident for one_for_all"
        assert (await supervisor.count_children(sup)).active == 3

    run(body)


def test_supervisor__temporary_bystander() -> None:
    async def body() -> None:
        script = Script()
        specs = [worker(script, "a"), worker(script, "b", restart="temporary")]
        sup = await start(SupFlags(Strategy.ONE_FOR_ALL), specs)
        await end(sup, "a", "kill")
        assert list(await children(sup)) == ["a"]
        assert script.of("stop") == ["b"]

    run(body)


@pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one"])
def test_supervisor__hanging_restart_loop(strategy: str) -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [None] + [StopInit("no")] * 10**6
        sup = await start(SupFlags(Strategy(strategy), 10**6, 3600), [worker(script, "a"), worker(script, "z")])
        await end(sup, "a", "kill")
        assert (await children(sup))["a"] == "restarting"
        with pytest.raises(ChildError, match="restarting"):
            await supervisor.restart_child(sup, "a")
        with pytest.raises(ChildError, match="restarting"):
            await supervisor.delete_child(sup, "a")
        assert (await supervisor.count_children(sup)).specs == 2
        await supervisor.terminate_child(sup, "a")
        assert (await children(sup))["a"] is None
        script.starts["a"] = []
        await supervisor.restart_child(sup, "a")
        assert isinstance((await children(sup))["a"], Pid)

    run(body)


def test_supervisor__hanging_restart_loop_ends_by_intensity() -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [None] + [StopInit("no")] * 99
        sup = await start(SupFlags(intensity=5, period=3600), [worker(script, "a")])
        await end(sup, "a", "kill")
        assert await exit_reason(sup) == "shutdown"
        assert len(script.starts["a"]) == 99 - 5

    run(body)


# -- simple_one_for_one


def test_supervisor__simple_one_for_one() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SIMPLE, [worker(script, "w")])
        first = await supervisor.start_child(sup, (1,))
        second = await supervisor.start_child(sup, [2])
        assert first is not None
        assert await pids(sup) == [first, second]
        await end_pid(first, "kill")
        assert len(await pids(sup)) == 2
        assert script.log == [("start", "w", 1), ("start", "w", 2), ("start", "w", 1)], "restarted with its arguments"

    run(body)


def test_supervisor__simple_one_for_one_escalation() -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "w")])
        await supervisor.start_child(sup, ())
        for _ in range(3):
            await end_pid((await pids(sup))[0], "kill")
        assert await exit_reason(sup) == "shutdown"

    run(body)


def test_supervisor__hanging_restart_loop_simple() -> None:
    async def body() -> None:
        script = Script()
        script.starts["w"] = [None] + [StopInit("no")] * 10**6
        sup = await start(SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 10**6, 3600), [worker(script, "w")])
        pid = await supervisor.start_child(sup, ())
        assert pid is not None
        await end_pid(pid, "kill")
        assert await children(sup) == {None: "restarting"}
        await supervisor.terminate_child(sup, pid)
        assert await children(sup) == {}

    run(body)


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_supervisor__sup_start_ignore_child_start_child_simple(restart: str) -> None:
    async def body() -> None:
        script = Script()
        script.starts["w"] = [IGNORE]
        sup = await start(SIMPLE, [worker(script, "w", restart=restart)])
        assert await supervisor.start_child(sup, ()) is None
        assert await children(sup) == {}

    run(body)


def test_supervisor__do_not_save_start_parameters_for_temporary_children() -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "w", restart="temporary")])
        pid = await supervisor.start_child(sup, ("large",))
        assert pid is not None
        assert FAMILIES[sup].children[pid].extra == ()

    run(body)


def test_supervisor__do_not_save_child_specs_for_temporary_children() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [])
        await supervisor.start_child(sup, worker(Script(), "a", restart="temporary"))
        await end(sup, "a", "normal")
        assert FAMILIES[sup].children == {}
        assert FAMILIES[sup].by_pid == {}

    run(body)


def test_supervisor__simple_one_for_one_scale_many_temporary_children() -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [ChildSpec("w", (gen_server.start_link, (Quiet,)), restart=Restart.TEMPORARY)])
        born = [await supervisor.start_child(sup, ()) for _ in range(2000)]
        assert (await supervisor.count_children(sup)).active == 2000
        for pid in born[::2]:
            assert pid is not None
            exit_(pid, "kill")
        await until(lambda: len(FAMILIES[sup].children) == 1000)
        await gen_server.stop(sup)
        assert processes() == [self_()]

    run(body)


class Quiet(Worker):
    """Writes nothing down."""

    def init(self, *args: Any) -> Any:
        return None

    def terminate(self, reason: object, state: Any) -> None:
        pass


def test_supervisor__scale_start_stop_many_children() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [])
        for n in range(500):
            await supervisor.start_child(sup, ChildSpec(n, (gen_server.start_link, (Quiet,))))
        for n in range(500):
            await supervisor.terminate_child(sup, n)
            await supervisor.delete_child(sup, n)
        info = process_info(sup)
        assert info is not None
        assert info.links == (self_(),)
        assert info.monitors == ()

    run(body)


# -- significant children


def auto(kind: str) -> SupFlags:
    return SupFlags(intensity=3, auto_shutdown=AutoShutdown(kind))


@pytest.mark.parametrize(
    ("restart", "reason"), [("transient", "normal"), ("temporary", "normal"), ("temporary", "kill")]
)
def test_supervisor__significant_any(restart: str, reason: object) -> None:
    async def body() -> None:
        script = Script()
        specs = [worker(script, "a"), worker(script, "b", restart=restart, significant=True)]
        sup = await start(auto("any_significant"), specs)
        await end(sup, "b", reason)
        assert await exit_reason(sup) == "shutdown"
        assert script.of("stop")[-1] == "a"

    run(body)


def test_supervisor__significant_transient_abnormal_is_restarted() -> None:
    async def body() -> None:
        sup = await start(auto("any_significant"), [worker(Script(), "a", restart="transient", significant=True)])
        await end(sup, "a", "boom")
        assert len(await pids(sup)) == 1

    run(body)


def test_supervisor__significant_all() -> None:
    async def body() -> None:
        specs = [worker(Script(), id_, restart="transient", significant=True) for id_ in "ab"]
        sup = await start(auto("all_significant"), [*specs, worker(Script(), "c")])
        await end(sup, "a", "normal")
        assert is_alive(sup)
        await end(sup, "b", "normal")
        assert await exit_reason(sup) == "shutdown"

    run(body)


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_supervisor__nonsignificant(restart: str) -> None:
    async def body() -> None:
        sup = await start(auto("any_significant"), [worker(Script(), "a", restart=restart)])
        await end(sup, "a", "normal")
        await children(sup)
        assert is_alive(sup)

    run(body)


def test_supervisor__significant_bystander_and_terminate_child() -> None:
    async def body() -> None:
        sup = await start(auto("any_significant"), [worker(Script(), "a", restart="transient", significant=True)])
        await supervisor.terminate_child(sup, "a")
        assert await children(sup) == {"a": None}, "it did not end by itself"

    run(body)


def test_supervisor__significant_simple() -> None:
    async def body() -> None:
        flags = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, auto_shutdown=AutoShutdown.ALL_SIGNIFICANT)
        sup = await start(flags, [worker(Script(), "w", restart="temporary", significant=True)])
        first, second = await supervisor.start_child(sup, ()), await supervisor.start_child(sup, ())
        assert first is not None
        assert second is not None
        await end_pid(first, "normal")
        assert is_alive(sup)
        await end_pid(second, "normal")
        assert await exit_reason(sup) == "shutdown"

    run(body)


def test_supervisor__significant_escalation() -> None:
    async def body() -> None:
        script = Script()
        answer = (auto("any_significant"), [worker(script, "x", restart="temporary", significant=True)])
        inner = supervisor.spec(Any_, answer, id="inner", restart=Restart.PERMANENT)
        sup = await start(SupFlags(), [inner])
        await end((await children(sup))["inner"], "x", "normal")
        await until(lambda: script.of("start") == ["x", "x"])
        assert is_alive(sup)

    run(body)


# -- the whole against a model


@settings(max_examples=60, deadline=None)
@given(
    strategy=st.sampled_from([s for s in Strategy if s is not Strategy.SIMPLE_ONE_FOR_ONE]),
    types=st.lists(st.sampled_from(["permanent", "transient", "temporary"]), min_size=1, max_size=5),
    crashes=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["normal", "kill", "boom"])), max_size=8),
    intensity=st.integers(0, 6),
)
def test_supervisor_against_a_model(
    strategy: str, types: list[str], crashes: list[tuple[int, str]], intensity: int
) -> None:
    """The model keeps one life count per child: -1 is forgotten, 0 is down; nothing of restart.py is in it."""
    lives, up, restarts = [1] * len(types), [True] * len(types), 0

    def crash(n: int, reason: str) -> bool:
        nonlocal restarts
        up[n] = False
        if types[n] == "temporary" or (types[n] == "transient" and reason == "normal"):
            return True
        restarts += 1
        if restarts > intensity:
            return False
        first = {"one_for_one": n, "rest_for_one": n, "one_for_all": 0}[strategy]
        for other in range(first, n + 1 if strategy == "one_for_one" else len(types)):
            up[other] = types[other] != "temporary"
            lives[other] += up[other]
        return True

    async def body() -> None:
        script = Script()
        specs = [worker(script, n, restart=kind) for n, kind in enumerate(types)]
        sup = await start(SupFlags(Strategy(strategy), intensity, 3600), specs)
        for which, reason in crashes:
            n = which % len(types)
            if not up[n]:
                continue
            alive = crash(n, reason)
            await end(sup, n, reason)
            if not alive:
                assert await exit_reason(sup) == "shutdown"
                return
            now = await children(sup)
            assert [n for n, pid in now.items() if pid is not None] == [n for n, is_up in enumerate(up) if is_up]
            assert [script.of("start").count(n) for n in range(len(types))] == lives
        await gen_server.stop(sup, "shutdown")
        assert script.of("stop")[len(script.of("stop")) - sum(up) :] == [
            n for n in reversed(range(len(types))) if up[n]
        ]

    run(body)


def test_specs_made_by_the_behaviours() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [gen_server.spec(Quiet, name="quiet", shutdown=1.0), gen_server.spec(Quiet)])
        assert list(await children(sup)) == ["quiet", "Quiet"]
        assert whereis("quiet") is (await pids(sup))[0]
        assert (await supervisor.get_childspec(sup, "quiet")).shutdown == 1.0

    run(body)


def test_supervisor__code_change() -> None:
    """New flags and specs from init; running children stay, new ones wait for restart_child."""

    class Newer(Any_):
        def init(self, answer: Any) -> Any:
            script = Script()
            return SupFlags(Strategy.ONE_FOR_ALL, 7, 9), [worker(script, "b", shutdown=1.0), worker(script, "new")]

    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), id_) for id_ in ABC])
        before = await children(sup)
        await supervisor.change_code(sup, Newer)
        assert await children(sup) == {"b": before["b"], "new": None, "a": before["a"], "c": before["c"]}
        assert (await supervisor.get_childspec(sup, "b")).shutdown == 1.0
        assert FAMILIES[sup].flags == SupFlags(Strategy.ONE_FOR_ALL, 7, 9)
        await gen_server.stop(sup, "shutdown")

    run(body)


@pytest.mark.parametrize("flags", [SupFlags(), SIMPLE])
def test_supervisor__code_change_simple(flags: SupFlags) -> None:
    class Newer(Any_):
        def init(self, answer: Any) -> Any:
            return flags, [worker(Script(), "w", shutdown=1.0)]

    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "w")])
        pid = await supervisor.start_child(sup, ())
        if flags is SIMPLE:
            await supervisor.change_code(sup, Newer)
        else:
            with pytest.raises(RuntimeError, match="invalid_strategy"):
                await supervisor.change_code(sup, Newer)
        assert pid is not None
        expected = 1.0 if flags is SIMPLE else 5.0
        assert (await supervisor.get_childspec(sup, pid)).shutdown == expected

    run(body)
