"""test_device_hook_points — each is about one session, and says what its handlers answer."""

from __future__ import annotations

import dataclasses

import pytest

from xmppd.routing import device_hook_points
from xmppd.routing.hook_kinds import Fold, Run

POINTS = [value for name, value in vars(device_hook_points).items() if name.endswith("Hook")]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
def test_a_point_is_about_one_session(point: type) -> None:
    assert issubclass(point, Fold | Run)
    assert point.__doc__
    assert "session" in {field.name for field in dataclasses.fields(point)}
