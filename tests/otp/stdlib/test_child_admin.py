"""child_admin — start, stop, restart, forget and count single children; every refusal by OTP's name.

OTP:  supervisor_SUITE (child_adm, child_adm_simple, child_specs, count_children, sup_start_*_child_*)
"""

from typing import Any

import pytest

from otp.erts.exits import AlreadyStarted, StartError
from otp.erts.pid import Pid
from otp.erts.process import is_alive, make_ref, self_, send
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_admin import ChildCounts, ChildError, ChildInfo
from otp.stdlib.child_spec import SpecError, Strategy, SupFlags
from otp.stdlib.gen_server import IGNORE, StopInit
from tests.support.node import run, until
from tests.support.scripted_children import Any_, Script, children, end, pids, start, worker

SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600)


def test_supervisor__child_adm() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [])
        pid = await supervisor.start_child(sup, worker(script, "a"))
        assert await supervisor.which_children(sup) == [ChildInfo("a", pid, "worker", ())]
        await supervisor.terminate_child(sup, "a")
        assert await supervisor.which_children(sup) == [ChildInfo("a", None, "worker", ())]
        new = await supervisor.restart_child(sup, "a")
        assert isinstance(new, Pid)
        assert new is not pid
        await supervisor.terminate_child(sup, "a")
        await supervisor.terminate_child(sup, "a")
        await supervisor.delete_child(sup, "a")
        assert await supervisor.which_children(sup) == []

    run(body)


def test_supervisor__child_adm_refusals() -> None:
    async def body() -> None:
        spec = worker(Script(), "a")
        sup = await start(SupFlags(), [spec])
        with pytest.raises(AlreadyStarted) as running:
            await supervisor.start_child(sup, spec)
        assert running.value.pid is (await pids(sup))[0]
        for refused in (supervisor.delete_child, supervisor.restart_child):
            with pytest.raises(ChildError, match="running"):
                await refused(sup, "a")
        await supervisor.terminate_child(sup, "a")
        with pytest.raises(StartError, match="already_present"):
            await supervisor.start_child(sup, spec)

    run(body)


@pytest.mark.parametrize("verb", ["terminate_child", "restart_child", "delete_child", "get_childspec"])
def test_supervisor__child_adm_not_found(verb: str) -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [])
        with pytest.raises(ChildError, match="not_found"):
            await getattr(supervisor, verb)(sup, "a")

    run(body)


def test_supervisor__child_adm_simple() -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "w")])
        pid = await supervisor.start_child(sup, ())
        assert pid is not None
        assert await supervisor.which_children(sup) == [ChildInfo(None, pid, "worker", ())]
        for verb in (supervisor.terminate_child, supervisor.restart_child, supervisor.delete_child):
            with pytest.raises(ChildError, match="simple_one_for_one"):
                await verb(sup, "w")
        with pytest.raises(SpecError):
            await supervisor.start_child(sup, worker(Script(), "x"))
        await supervisor.terminate_child(sup, pid)
        assert not is_alive(pid)
        assert await supervisor.which_children(sup) == []
        await supervisor.terminate_child(sup, pid)  # of one that is dead already: nothing to do, as on a real node
        with pytest.raises(ChildError, match="not_found"):
            await supervisor.terminate_child(sup, self_())
        assert is_alive(self_())

    run(body)


def test_supervisor__terminate_child_of_a_temporary_one_deletes_it() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), "a", restart="temporary")])
        await supervisor.terminate_child(sup, "a")
        assert await children(sup) == {}

    run(body)


def test_supervisor__child_specs() -> None:
    async def body() -> None:
        spec = worker(Script(), "a")
        sup = await start(SupFlags(), [spec])
        assert await supervisor.get_childspec(sup, "a") is spec
        assert await supervisor.get_childspec(sup, (await pids(sup))[0]) is spec
        with pytest.raises(SpecError):
            await supervisor.start_child(sup, ("no", "spec"))
        with pytest.raises(SpecError, match="bad_combination"):
            await supervisor.start_child(sup, worker(Script(), "b", restart="temporary", significant=True))

    run(body)


def test_supervisor__sup_start_child_returns_error() -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [StopInit("why"), ValueError("no")]
        sup = await start(SupFlags(), [])
        with pytest.raises(StartError, match="why"):
            await supervisor.start_child(sup, worker(script, "a"))
        with pytest.raises(StartError, match="ValueError"):
            await supervisor.start_child(sup, worker(script, "a"))
        assert await children(sup) == {}

    run(body)


def test_supervisor__sup_start_child_returns_error_simple() -> None:
    async def body() -> None:
        script = Script()
        script.starts["w"] = [StopInit("why")]
        sup = await start(SIMPLE, [worker(script, "w")])
        with pytest.raises(StartError, match="why"):
            await supervisor.start_child(sup, ())
        assert await children(sup) == {}

    run(body)


def test_supervisor__sup_start_restart_child_returns_error() -> None:
    async def body() -> None:
        script = Script()
        sup = await start(SupFlags(), [worker(script, "a")])
        await supervisor.terminate_child(sup, "a")
        script.starts["a"] = [StopInit("why")]
        with pytest.raises(StartError, match="why"):
            await supervisor.restart_child(sup, "a")
        assert await children(sup) == {"a": None}

    run(body)


@pytest.mark.parametrize(("restart", "listed"), [("permanent", {"a": None}), ("temporary", {})])
def test_supervisor__sup_start_ignore_child_start_child(restart: str, listed: Any) -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [IGNORE]
        sup = await start(SupFlags(), [])
        assert await supervisor.start_child(sup, worker(script, "a", restart=restart)) is None
        assert await children(sup) == listed

    run(body)


def test_supervisor__count_children() -> None:
    async def body() -> None:
        script = Script()
        inner = supervisor.spec(Any_, (SupFlags(), []), id="inner")
        sup = await start(SupFlags(), [worker(script, "a"), inner, worker(script, "b", restart="transient")])
        assert await supervisor.count_children(sup) == ChildCounts(specs=3, active=3, supervisors=1, workers=2)
        await end(sup, "b", "normal")
        assert await supervisor.count_children(sup) == ChildCounts(specs=3, active=2, supervisors=1, workers=2)

    run(body)


def test_supervisor__count_children_simple() -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [worker(Script(), "w")])
        assert await supervisor.count_children(sup) == ChildCounts(1, 0, 0, 0)
        for _ in range(3):
            await supervisor.start_child(sup, ())
        assert await supervisor.count_children(sup) == ChildCounts(1, 3, 0, 3)

    run(body)


def test_supervisor__count_restarting_children() -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [None] + [StopInit("no")] * 10**6
        sup = await start(SupFlags(intensity=10**6, period=3600), [worker(script, "a")])
        await end(sup, "a", "kill")
        assert await supervisor.count_children(sup) == ChildCounts(specs=1, active=0, supervisors=0, workers=1)
        script.starts["a"] = []
        await until(lambda: script.of("start") == ["a", "a"])
        assert (await supervisor.count_children(sup)).active == 1

    run(body)


def test_supervisor__unknown_calls_and_messages_do_no_harm() -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), "a")])
        gen_server.cast(sup, "what")
        send(sup, make_ref())
        assert len(await pids(sup)) == 1

    run(body)
