"""Who is connected, who is told, who waits."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process, runtime
from otp.kernel import node
from otp.kernel.node import BOOK, NodeDown, NodeUp


def _run(body: Any) -> None:
    async def main() -> None:
        BOOK.clear()
        await body()
        BOOK.clear()

    runtime.run(main, node="w2", creation=9)


def test_names_and_creations() -> None:
    async def body() -> None:
        BOOK.up("w3", 4)
        BOOK.up("main", 1)
        assert (node.this(), node.creation(), node.nodes()) == ("w2", 9, ["main", "w3"])
        assert [node.creation_of(name) for name in ("w2", "w3", "w9")] == [9, 4, None]

    _run(body)


def test_subscribers_are_told_and_told_who_is_there_already() -> None:
    async def body() -> None:
        BOOK.up("main", 1)
        assert node.monitor_nodes() == [("main", 1)]
        node.monitor_nodes()
        BOOK.up("w1", 2)
        BOOK.down("w1", 2)
        assert [await process.receive(), await process.receive()] == [NodeUp("w1", 2), NodeDown("w1", 2)]
        node.monitor_nodes(False)
        BOOK.down("main", 1)
        with pytest.raises(process.exits.ReceiveTimeout):
            await process.receive(timeout=0)

    _run(body)


def test_a_dead_subscriber_is_forgotten() -> None:
    async def body() -> None:
        pid = process.spawn(node.monitor_nodes)
        while process.is_alive(pid):
            await process.sleep(0)
        BOOK.up("w1", 1)
        assert BOOK.subscribers == {}

    _run(body)


def test_await_nodes() -> None:
    async def body() -> None:
        await node.await_nodes({"w2"}, 0)
        with pytest.raises(TimeoutError, match="w1, w3"):
            await node.await_nodes({"w1", "w2", "w3"}, 0.01)
        BOOK.up("w1", 1)
        process.send_after(0.01, process.self_(), "go")
        process.spawn(lambda: BOOK.up("w3", 1))
        await node.await_nodes({"w1", "w3"}, 5)
        assert BOOK.waiters == []

    _run(body)
