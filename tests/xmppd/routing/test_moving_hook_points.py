"""The hook points of a session that goes on elsewhere are fired where their words say; what a point is, is checked with
the others (test_hook_points)."""

from __future__ import annotations

import dataclasses
import inspect

from xmppd.routing import moving_hook_points
from xmppd.routing.hook_kinds import Fold, Run


def test_each_is_about_one_session_but_for_those_that_have_none_yet() -> None:
    points = {
        name: {field.name for field in dataclasses.fields(cls)}
        for name, cls in inspect.getmembers(moving_hook_points, inspect.isclass)
        if issubclass(cls, (Fold, Run)) and cls not in (Fold, Run)
    }
    assert points.pop("OrphanedSessionsHook") == {"host", "afterwards"}
    assert len(points) == 4
    assert all("session" in fields for fields in points.values())
