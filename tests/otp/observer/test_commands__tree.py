"""test_introspection — the trees of all nodes.

Way:  xmppd.ctl.introspection
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel import node, rpc
from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.cli import render
from xmppd.commands import CommandError
from xmppd.ctl import introspection
from xmppd.ctl.look import nodes


class Parent:
    workers = ("w1", "w2", "w3")


def test_the_tree_of_this_node_is_plain_data() -> None:
    async def body() -> list[dict[str, Any]]:
        return introspection.here()

    (top,) = [root for root in beside_server(body) if root["id"] == "xmppd_sup"]
    assert [child["id"] for child in top["children"]][:3] == ["hooks", "store", "auth"]
    assert "xmppd_sup" in render.tree({"w1": [top]})


def test_one_supervisor_by_name_or_pid_and_its_pages() -> None:
    async def body() -> None:
        (top,) = introspection.here("xmppd_sup")
        assert introspection.here(top["pid"], limit=100)[0]["id"] == "xmppd_sup"
        (page,) = introspection.here("xmppd_sup", limit=2, first=1)
        assert [child["id"] for child in page["children"]] == ["store", "auth"]
        assert introspection.here("router") == []
        assert introspection.here("nobody") == []

    beside_server(body)


def test_a_worker_that_is_down_has_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        if worker == "w2":
            raise rpc.RpcTimeout(worker, fn, "timeout")
        return [worker] if args[0] is None else []

    monkeypatch.setattr(nodes, "state", Parent)
    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2"])
    monkeypatch.setattr(rpc, "call", call)

    async def body() -> dict[str, Any]:
        with pytest.raises(CommandError, match="no supervisor crowd"):
            await introspection.tree("crowd", None, 20, 0)
        with pytest.raises(CommandError, match="there is no node w9"):
            await introspection.tree("<w9.1.1>", None, 20, 0)
        return await introspection.tree(None, None, 20, 0)

    assert run(body) == {"main": [], "w1": ["w1"], "w2": [], "w3": []}
