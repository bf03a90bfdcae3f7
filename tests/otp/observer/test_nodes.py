"""test_nodes — several nodes are asked at the same time; who is silent is None.

Way:  otp.observer.nodes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import application, node, rpc
from otp.observer import nodes
from otp.observer.errors import BadRequest
from tests.support.node import run


@pytest.fixture(autouse=True)
def three_others(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of a mesh w1 is slow, w2 fails, w3 is down; w4 has come to it later."""

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        if worker == "w2":
            raise rpc.RpcTimeout(worker, fn, "timeout")
        await process.sleep(0.05)
        return [worker, *args]

    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2", "w4"])
    monkeypatch.setattr(rpc, "call", call)
    application.set_env("kernel", "nodes", ("test", "w1", "w2", "w3"))
    yield
    application.unset_env("kernel", "nodes")


def test_everybody_is_asked_and_this_node_answers_itself() -> None:
    async def body() -> dict[str, Any]:
        return await nodes.each("builtins:str", "x")

    assert run(body) == {"test": "x", "w1": ["w1", "x"], "w2": None, "w3": None, "w4": ["w4", "x"]}


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
    async def body() -> None:
        assert nodes.names() == ["test", "w1", "w2", "w3", "w4"], "this one first"
        assert nodes.names("w2") == ["w2"]
        with pytest.raises(BadRequest, match="no node w7; there are test, w1"):
            nodes.names("w7")

    run(body)
