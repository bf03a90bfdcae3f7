"""The hook points of presence."""

from xmppd.routing.hook_kinds import Fold
from xmppd.routing.presence_hook_points import PresenceSaidHook


def test_presence_is_said_all_the_same_if_a_handler_fails() -> None:
    assert issubclass(PresenceSaidHook, Fold)
    assert not PresenceSaidHook.NEEDED
