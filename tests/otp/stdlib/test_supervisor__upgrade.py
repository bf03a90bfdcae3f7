"""test_supervisor__upgrade — new flags and specs for a tree that lives: nobody is restarted for it.

OTP:  supervisor_SUITE (code_change*, significant_upgrade_*)
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts.process import is_alive, sleep
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec
from tests.support.node import run
from tests.support.scripted_children import Any_, Script, children, end, exit_reason, start, worker


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.getLogger("otp").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("otp").setLevel(logging.NOTSET)


def saying(answer: Any) -> type[Any_]:
    """The callback module of the next version: its init answers so."""

    class Newer(Any_):
        def init(self, old: Any) -> Any:
            return answer

    return Newer


def mapped(spec: ChildSpec, **changes: Any) -> dict[str, Any]:
    """A spec as a map."""
    return {"id": spec.id, "start": spec.start, **changes}


def test_supervisor__code_change_map() -> None:
    async def body() -> None:
        script = Script()
        one, two = worker(script, "one"), worker(script, "two")
        sup = await start({}, [mapped(one)])  # type: ignore[arg-type, list-item]
        before = await children(sup)
        newer = {"intensity": 9, "silly": 1}, [mapped(two), mapped(one, shutdown=1.0)]
        await supervisor.change_code(sup, saying(newer))
        assert await children(sup) == {"two": None, **before}
        assert (await supervisor.get_childspec(sup, "one")).shutdown == 1.0
        for answer, fault in (
            (({"period": 0}, []), "invalid_period"),
            (({"strategy": "simple_one_for_one"}, [mapped(one)]), "invalid_strategy"),
            (({}, [{"id": "x"}]), "missing_start"),
        ):
            with pytest.raises(RuntimeError, match=fault):
                await supervisor.change_code(sup, saying(answer))
        assert await children(sup) == {"two": None, **before}
        await supervisor.restart_child(sup, "two")

    run(body)


def test_supervisor__code_change_simple_map() -> None:
    flags = {"strategy": "simple_one_for_one"}

    async def body() -> None:
        one = worker(Script(), "one")
        sup = await start(flags, [mapped(one)])  # type: ignore[arg-type, list-item]
        pid = await supervisor.start_child(sup, [])
        await supervisor.change_code(sup, saying((flags, [mapped(one, shutdown=1.0)])))
        assert (await supervisor.get_childspec(sup, pid)).shutdown == 1.0
        for answer, fault in (((flags, []), "bad_start_spec"), (({}, [mapped(one)]), "invalid_strategy")):
            with pytest.raises(RuntimeError, match=fault):
                await supervisor.change_code(sup, saying(answer))
        assert is_alive(pid)

    run(body)


def _upgraded(before: str, after: str, significant_before: bool = True, significant_after: bool = True) -> list[bool]:
    """Three children, of which one and two may be significant, under a supervisor whose auto_shutdown is changed from
    `before` to `after`: whether the supervisor is still there after the end of each of these two.
    """
    alive: list[bool] = []
    script = Script()

    def answer(kind: str, significant: bool) -> Any:
        mark = {"significant": significant and kind != "never", "restart": "temporary"}
        specs = [mapped(worker(script, n), **mark) for n in (1, 2)]
        return {"auto_shutdown": kind}, [*specs, mapped(worker(script, 3))]

    async def body() -> None:
        sup = await start(*answer(before, significant_before))
        pids = await children(sup)
        await supervisor.change_code(sup, saying(answer(after, significant_after)))
        assert await children(sup) == pids
        for n in (1, 2):
            await end(sup, n, "normal")
            await sleep(0.005)
            alive.append(is_alive(sup))
            if not is_alive(sup):
                assert await exit_reason(sup) == "shutdown"
                return

    run(body)
    return alive


def test_supervisor__significant_upgrade_never_any() -> None:
    assert _upgraded("never", "any_significant") == [False]


def test_supervisor__significant_upgrade_any_never() -> None:
    assert _upgraded("any_significant", "never") == [True, True]


def test_supervisor__significant_upgrade_never_all() -> None:
    assert _upgraded("never", "all_significant") == [True, False]


def test_supervisor__significant_upgrade_all_never() -> None:
    assert _upgraded("all_significant", "never") == [True, True]


def test_supervisor__significant_upgrade_any_all() -> None:
    assert _upgraded("any_significant", "all_significant") == [True, False]


def test_supervisor__significant_upgrade_all_any() -> None:
    assert _upgraded("all_significant", "any_significant") == [False]


def test_supervisor__significant_upgrade_child() -> None:
    """The children become significant, or are so no longer, and the flags stay."""
    kind = "any_significant"
    assert _upgraded(kind, kind, significant_before=False, significant_after=True) == [False]
    assert _upgraded(kind, kind, significant_before=True, significant_after=False) == [True, True]


def test_significant_children_need_flags_that_allow_them() -> None:
    async def body() -> None:
        spec = worker(Script(), 1, restart="temporary", significant=True)
        sup = await start({"auto_shutdown": "any_significant"}, [spec])  # type: ignore[arg-type]
        with pytest.raises(RuntimeError, match="bad_combination"):
            await supervisor.change_code(sup, saying(({}, [spec])))

    run(body)
