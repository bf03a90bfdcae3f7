"""test_top — the busiest of all nodes.

Way:  xmppd.ctl.look.top
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel import node, rpc
from tests.support.node import run
from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.ctl.look import nodes, top


def test_rows_of_all_nodes_are_sorted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        workers = ("w1", "w2")

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        row = {"pid": "<w1.1.1>", "mailbox": 10**9, "rate": 1.0, "reductions": 3}
        return {"rows": [row], "processes": 1, "runs": 5.0, "cpu": 1.0}

    monkeypatch.setattr(nodes, "state", Parent)
    monkeypatch.setattr(node, "nodes", lambda: ["w1"])
    monkeypatch.setattr(rpc, "call", call)

    async def body() -> dict[str, Any]:
        return await top.top("mailbox", 2, 0.05, None)

    found = run(body)
    assert found["rows"][0]["pid"] == "<w1.1.1>"
    assert len(found["rows"]) == 2
    assert [(one["node"], one["up"]) for one in found["nodes"]] == [("main", True), ("w1", True), ("w2", False)]
    assert found["nodes"][0]["processes"] >= 1


def test_an_order_that_is_none() -> None:
    async def body() -> None:
        await top.top("mailbx", 2, 0.05, None)

    with pytest.raises(CommandError, match="did you mean"):
        run(body)
    assert EXIT_USAGE == 2
