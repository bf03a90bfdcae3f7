"""What is asked of a room crosses between nodes, and says nothing of what people wrote."""

from __future__ import annotations

import pytest

from otp.kernel import codec
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.muc.room_requests import RoomLook, RoomSeen, RoomSettled, RoomTook
from xmppd.routing import wire

SEEN = RoomSeen("<identity/>", ("a",), "<x>secret</x>", "", "member", True, ("ann",), True, False)
SENT = RoomTook(None, (make_message(JID.parse("a@b"), "hi"),))


@pytest.mark.parametrize("one", [RoomLook("a@b/c"), SEEN, RoomSettled(), RoomTook(), SENT])
def test_it_crosses(one: object) -> None:
    assert wire is not None
    there = codec.decode(codec.encode(one))
    assert there == one


def test_forms_are_not_shown() -> None:
    assert "secret" not in repr(SEEN)
