"""An operator's changes of a room, as values: occupants are told as of an owner's."""

from __future__ import annotations

import json

from tests.support.muc_room import ANN, BOB, CAT, Den, codes, refused, three
from xmpp_core.muc.room_draft import RoomDraft
from xmppd.muc import room_operators
from xmppd.muc.room_operators import (
    Operation,
    RoomAffiliate,
    RoomConfigure,
    RoomCreate,
    RoomDestroy,
    RoomKick,
    RoomPurge,
)


def act(den: Den, asked: Operation) -> None:
    assert den.room is not None
    draft = RoomDraft(den.room, den.now)
    room_operators.act(draft, asked)
    den.take(draft.done())


def test_options_are_changed_and_told() -> None:
    den = three()
    act(den, RoomConfigure(json.dumps({"name": "Tea", "whois": "anyone"})))
    assert [codes(one) for one in den.told(BOB)] == [[172, 104]]
    refused("not-acceptable", act, den, RoomConfigure('{"colour": "red"}'))
    refused("not-acceptable", act, den, RoomConfigure("no json"))


def test_affiliations_are_changed_and_told() -> None:
    den = three()
    act(den, RoomAffiliate("bob@l", "outcast"))
    assert [codes(one) for one in den.told(BOB)] == [[110, 301]]
    assert [codes(one) for one in den.told(CAT)] == [[301]]
    refused("conflict", act, den, RoomAffiliate("ann@l", "none"))


def test_a_nick_is_kicked() -> None:
    den = three()
    act(den, RoomKick("bob", "tea"))
    assert [codes(one) for one in den.told(BOB)] == [[110, 307]]
    refused("item-not-found", act, den, RoomKick("bob"))


def test_messages_are_forgotten_and_a_room_ends() -> None:
    den = three()
    den.say(ANN, "hello")
    act(den, RoomPurge())
    assert den.room is not None
    assert den.room.history == ()
    act(den, RoomDestroy("tea"))
    assert den.room is None


def test_a_room_that_is_made_is_open() -> None:
    den = Den(None, None, "ann@l")
    assert den.room is not None
    made = room_operators.made(den.room, RoomCreate("ann@l", '{"persistent": true}'))
    assert made.config.persistent
    assert not made.locked
    assert made.owners() == ["ann@l"]
