"""No two lives of a worker have one name, and a row says whose it is."""

from __future__ import annotations

from otp.erts import process
from otp.erts.pid import intern
from tests.support import node
from xmppd.mods.stream_management import lives
from xmppd.routing.session import MACHINE


def test_a_life_has_one_name_and_rows_say_on_which_machine() -> None:
    async def body() -> None:
        assert lives.name() == lives.name()
        assert lives.owner() == f"{MACHINE}/{lives.name()}" == lives.owner_called(lives.name())
        assert lives.name_here(lives.owner()) == lives.name()
        assert lives.is_of(lives.owner(), process.self_())

    node.run(body)


def test_of_another_machine_nothing_can_be_seen() -> None:
    assert lives.name_here("elsewhere/w1.1.ab") is None


def test_an_owner_is_told_from_other_lives_and_other_workers() -> None:
    assert lives.is_of("here/w1.3.ab", intern("w1", 3, 9))
    assert not lives.is_of("here/w1.31.ab", intern("w1", 3, 9))
    assert not lives.is_of("here/w11.3.ab", intern("w1", 3, 9))
