"""test_introspection — the trees of all nodes.

Way:  xmppd.ctl.introspection
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel import node, rpc
from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.ctl import introspection, render


def test_the_tree_of_this_node_is_plain_data() -> None:
    async def body() -> list[dict[str, Any]]:
        return introspection.here()

    (top,) = [root for root in beside_server(body) if root["id"] == "xmppd_sup"]
    assert [child["id"] for child in top["children"]][:3] == ["hooks", "store", "auth"]
    assert "xmppd_sup" in render.tree({"w1": [top]})


def test_a_worker_that_is_down_has_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        workers = ("w1", "w2", "w3")

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        if worker == "w2":
            raise rpc.RpcTimeout(worker, fn, "timeout")
        return [worker]

    monkeypatch.setattr(introspection, "state", Parent)
    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2"])
    monkeypatch.setattr(rpc, "call", call)

    async def body() -> dict[str, Any]:
        return await introspection.tree()

    assert run(body) == {"main": [], "w1": ["w1"], "w2": [], "w3": []}
