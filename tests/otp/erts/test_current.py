"""current — who runs, and whom a destination means."""

from __future__ import annotations

import pytest

from otp.erts import exits
from otp.erts.current import node, resolve, running, self_
from otp.erts.process import register
from otp.erts.registry import Via
from tests.support.node import run


class _Book:
    """A registry of one name."""

    def __init__(self, names: dict[object, object]) -> None:
        self.names = names

    def whereis_name(self, name: object) -> object:
        return self.names.get(name)


def test_self_and_node() -> None:
    assert run(lambda: (self_() is running().pid, node())) == (True, "test")
    with pytest.raises(exits.NotAProcess):
        running()


def test_whom_a_destination_means() -> None:
    def body() -> None:
        register("me", self_())
        book = _Book({("room", 1): self_()})
        assert resolve("me") is resolve(self_()) is resolve(Via(book, ("room", 1))) is self_()
        assert resolve("nobody") is None
        assert resolve(Via(book, "nobody")) is None

    run(body)
