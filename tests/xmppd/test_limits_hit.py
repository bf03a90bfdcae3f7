"""Each limit has a number of its own."""

from __future__ import annotations

from otp.kernel.system_monitor import LONG, STUCK
from xmppd import limits_hit
from xmppd.metrics import Cell


def test_every_value_has_a_name_and_every_name_a_value() -> None:
    named = {id(one) for one in vars(limits_hit).values() if isinstance(one, Cell)}
    assert named == {id(cell) for cell in limits_hit.HIT.cells.values()}


def test_what_the_monitor_finds_is_counted() -> None:
    before = limits_hit.LONG_MAILBOX.n, limits_hit.STUCK.n
    limits_hit.mailbox(LONG)
    limits_hit.mailbox(STUCK)
    assert (limits_hit.LONG_MAILBOX.n, limits_hit.STUCK.n) == (before[0] + 1, before[1] + 1)
