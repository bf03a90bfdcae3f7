"""Every hook point is a frozen value that says when it fires."""

import dataclasses
import inspect

import pytest

from xmppd.routing import hook_points, moving_hook_points
from xmppd.routing.hook_kinds import Fold, OnTheWay, Run

POINTS = [
    cls
    for module in (hook_points, moving_hook_points)
    for _, cls in inspect.getmembers(module, inspect.isclass)
    if issubclass(cls, (Fold, Run)) and cls not in (Fold, Run)
]


@pytest.mark.parametrize("point", POINTS, ids=lambda p: p.__name__)
def test_a_point(point: type) -> None:
    assert dataclasses.is_dataclass(point)
    assert point.__dataclass_params__.frozen or point.GROUP is OnTheWay, "frozen, but for what is made for each stanza"
    assert point.__doc__ is not None
    assert not point.__doc__.startswith(f"{point.__name__}("), "the docstring is written, not generated"
    assert issubclass(point, Fold) != issubclass(point, Run)


def test_the_seeds_hooks_have_their_points() -> None:
    """Seed items 15 to 18: c2s fires these; the lists of who sees whom come from one of them."""
    names = {point.__name__ for point in POINTS}
    assert {"UserSendPacketHook", "UserReceivePacketHook", "SubscriptionListsHook"} <= names
    assert {"UserAvailableHook", "StreamFeaturesHook"} <= names
    assert {"C2sUnauthenticatedIqHook", "AuthResultHook", "ResendSubscriptionsHook", "OfflineMessageHook"} <= names
