"""What a hook point is made of tells callers whom to ask."""

from __future__ import annotations

from xmppd.routing import hook_points
from xmppd.routing.hook_kinds import Fold, OnTheWay, Run


def test_a_point_is_needed_and_in_a_group_only_where_it_says_so() -> None:
    assert (Run.NEEDED, Run.GROUP, Fold.NEEDED, Fold.GROUP) == (False, None, False, None)
    assert hook_points.AccountSendsHook.NEEDED
    assert hook_points.AccountSendsHook.GROUP is OnTheWay
    assert not hook_points.SessionOpenedHook.NEEDED
