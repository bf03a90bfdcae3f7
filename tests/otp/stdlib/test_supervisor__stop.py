"""test_supervisor__stop — children that do not go when told, stopped with their supervisor or one by one.

OTP:  supervisor_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts.exits import ProcessExit
from otp.erts.pid import Pid
from otp.erts.process import exit_, monitor, receive, spawn_link
from otp.erts.signals import Down
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from tests.support.node import run
from tests.support.scripted_children import exit_reason, start

SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 2, 3600)


async def starts(kind: str = "good") -> Pid:
    """Good: ends when it is told. Deaf: hears nothing but kill."""

    async def good() -> None:
        await receive()
        raise ProcessExit("shutdown")

    async def deaf() -> None:
        await receive(lambda m: m == "never")

    return spawn_link(good if kind == "good" else deaf, trap=True)


def spec(id_: str, kind: str, shutdown: Any) -> ChildSpec:
    return ChildSpec(id_, (starts, (kind,)), shutdown=shutdown)


async def ends(sup: Pid, *children: Any) -> list[object]:
    """Tell the supervisor to shut down; the reasons its children end for."""
    refs = [monitor(pid) for pid in children]
    exit_(sup, "shutdown")
    assert await exit_reason(sup) == "shutdown"
    downs = {}
    for _ in refs:
        down = await receive(lambda m: isinstance(m, Down), 5)
        downs[down.ref] = down.reason
    return [downs[ref] for ref in refs]


def reported(caplog: pytest.LogCaptureFixture) -> list[Any]:
    reports = [record.__dict__["report"] for record in caplog.records if record.name == "otp.supervisor"]
    return [report["reason"] for report in reports if report["label"][1] == "shutdown_error"]


def _one_by_one(shutdown: Any, told: list[object], caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [])
        one = await supervisor.start_child(sup, spec("child1", "good", 5.0))
        two = await supervisor.start_child(sup, spec("child2", "deaf", shutdown))
        assert await ends(sup, one, two) == ["shutdown", "killed"]

    run(body)
    assert reported(caplog) == told


def test_supervisor__sup_stop_timeout(caplog: pytest.LogCaptureFixture) -> None:
    _one_by_one(0.01, ["killed"], caplog)


def test_supervisor__sup_stop_brutal_kill(caplog: pytest.LogCaptureFixture) -> None:
    _one_by_one("brutal_kill", [], caplog)


def _together(shutdown: Any, reasons: list[str], told: list[object], caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        sup = await start(SIMPLE, [ChildSpec("child", (starts, ()), shutdown=shutdown)])
        children = [await supervisor.start_child(sup, [kind]) for kind in ("good", "deaf", "deaf")]
        assert await ends(sup, *children) == reasons

    run(body)
    assert reported(caplog) == told


def test_supervisor__sup_stop_timeout_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    _together(0.02, ["shutdown", "killed", "killed"], [(repr("killed"), 2)], caplog)


def test_supervisor__sup_stop_brutal_kill_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    _together("brutal_kill", ["killed", "killed", "killed"], [], caplog)
