"""current — who runs, and whom a destination means."""

from __future__ import annotations

import pytest

from otp.erts import exits
from otp.erts.current import node, nodes, resolve, running, self_
from otp.erts.process import monitor, register, send
from otp.erts.registry import Via
from otp.stdlib import gen
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
        assert resolve(("me", "test")) is self_()
        assert resolve(("nobody", "test")) is None
        assert resolve(("me", "w1")) == ("me", "w1")
        assert nodes() == []

    run(body)


@pytest.mark.parametrize("dest", [None, 5, object(), (), ("me",), ("me", 1), ("me", "w1", 2), (b"me", "w1")])
def test_what_is_no_destination_is_told(dest: object) -> None:
    def body() -> None:
        for use in (resolve, monitor, lambda dest: send(dest, "x"), lambda dest: gen.cast(dest, "x")):
            with pytest.raises(TypeError, match="no destination"):
                use(dest)

    run(body)
