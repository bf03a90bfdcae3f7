"""test_archive_hook_points — each says what its handlers answer."""

from __future__ import annotations

import pytest

from xmppd.routing import archive_hook_points
from xmppd.routing.hook_kinds import Fold, Run

POINTS = [value for name, value in vars(archive_hook_points).items() if name.endswith("Hook")]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
def test_a_point_tells_or_asks_and_says_what(point: type) -> None:
    assert issubclass(point, Fold | Run)
    assert point.__doc__
    assert not point.NEEDED  # type: ignore[attr-defined]
