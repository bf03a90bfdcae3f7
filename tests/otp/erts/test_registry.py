"""test_registry — names of this node."""

from __future__ import annotations

import pytest

from otp.erts import process, registry
from otp.erts.exits import NotRegistered
from tests.support.node import run
from tests.support.via_names import LocalRegistry


def test_names_are_found_and_listed_in_order() -> None:
    async def body() -> None:
        process.register("b", process.self_())
        process.spawn(process.receive, name="a")
        assert registry.whereis("b") is process.self_()
        assert registry.whereis("c") is None
        assert registry.registered() == ["a", "b"]

    run(body)
    assert registry.registered() == []


def test_any_registry_will_do() -> None:
    book = LocalRegistry()

    async def body() -> None:
        assert book.register_name(("room", 1), process.self_())
        assert not book.register_name(("room", 1), process.self_())
        process.send(book.via(("room", 1)), "hello")
        assert await process.receive(timeout=0) == "hello"
        assert registry.find(book.via("nobody")) is None
        with pytest.raises(NotRegistered):
            process.send(book.via("nobody"), "hello")

    run(body)
    assert book.pids == {}
