"""test_nodes — several nodes are asked at the same time; who is silent is None.

Way:  xmppd.ctl.look.nodes
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.kernel import node, rpc
from tests.support.node import run
from xmppd.commands import CommandError
from xmppd.ctl.look import nodes


class Parent:
    workers = ("w1", "w2", "w3")


@pytest.fixture(autouse=True)
def three_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """w1 is slow, w2 fails, w3 is down."""

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        if worker == "w2":
            raise rpc.RpcTimeout(worker, fn, "timeout")
        await process.sleep(0.05)
        return [worker, *args]

    monkeypatch.setattr(nodes, "state", Parent)
    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2"])
    monkeypatch.setattr(rpc, "call", call)


def test_everybody_is_asked_and_the_parent_answers_itself() -> None:
    async def body() -> dict[str, Any]:
        return await nodes.each("builtins:str", "x")

    assert run(body) == {"main": "x", "w1": ["w1", "x"], "w2": None, "w3": None}


def test_some_are_asked() -> None:
    async def body() -> dict[str, Any]:
        return await nodes.each("a:b", only=["w3", "w1"])

    assert run(body) == {"w3": None, "w1": ["w1"]}


def test_who_does_not_answer_in_time_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        await process.receive()

    monkeypatch.setattr(rpc, "call", never)

    async def body() -> dict[str, Any]:
        return await nodes.each("a:b", only=["w1"], timeout=-0.95)

    assert run(body) == {"w1": None}


def test_names_of_nodes() -> None:
    assert nodes.names() == ["main", "w1", "w2", "w3"]
    assert nodes.names("w2") == ["w2"]
    with pytest.raises(CommandError, match="no node w7; there are main, w1"):
        nodes.names("w7")
