"""test_registry — names of this node."""

from __future__ import annotations

from otp.erts import process, registry
from tests.support.node import run


def test_names_are_found_and_listed_in_order() -> None:
    async def body() -> None:
        process.register("b", process.self_())
        process.spawn(process.receive, name="a")
        assert registry.whereis("b") is process.self_()
        assert registry.whereis("c") is None
        assert registry.registered() == ["a", "b"]

    run(body)
    assert registry.registered() == []
