"""Modules take part in rooms: they keep people out, change or refuse what is said, hear of rooms that come and go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.support.muc_client import RoomOnTheWire
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Message
from xmppd.gen_mod import Mod, on
from xmppd.routing.room_hook_points import RoomEndedHook, RoomEnterHook, RoomMadeHook, RoomMessageHook
from xmppd.testing.thread import serve_in_thread

SEEN: list[tuple[str, str]] = []
NAME = "acme.mod_watch"


@on(RoomEnterHook)
def enters(point: RoomEnterHook, mod: Mod) -> None:
    if point.presence.from_ is not None and point.presence.from_.local == "mallory":
        raise StanzaError("forbidden", "not you")


@on(RoomMessageHook)
def says(message: Message, point: RoomMessageHook, mod: Mod) -> Message:
    if message.body == "rude":
        raise StanzaError("policy-violation", "not that")
    return message.with_el(message.el.with_children(*message.el.children, el("seen", "urn:acme")))


@on(RoomMadeHook)
def made(point: RoomMadeHook, mod: Mod) -> None:
    SEEN.append((point.room.bare, point.creator.bare))


@on(RoomEndedHook)
def ended(point: RoomEndedHook, mod: Mod) -> None:
    SEEN.append((point.room.bare, ""))


@pytest.fixture
def server() -> Iterator[Any]:
    module = ModuleType(NAME)
    module.__dict__.update(enters=enters, says=says, made=made, ended=ended)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "acme", ModuleType("acme"))
        patch.setitem(sys.modules, NAME, module)
        with serve_in_thread(modules={NAME: {}}) as server:
            yield server


def test_modules_take_part(server: Any) -> None:
    SEEN.clear()
    den = RoomOnTheWire(server, "watched")
    ann, bob = den.members("ann", "bob")
    assert [(den.jid, "ann@localhost")] == SEEN
    mallory = server.client("mallory")
    assert "not you" in den.join(
        mallory, "m", wait="<presence [^>]*type='error'.*?</presence>|<presence .*?not you.*?</presence>"
    )
    den.say(bob, "rude")
    assert "not that" in bob.expect("<message [^>]*type='error'.*?</message>|<message .*?not that.*?</message>")
    den.say(bob, "fine")
    assert "<seen xmlns='urn:acme'/>" in ann.expect("<message [^>]*><body>fine</body>.*?</message>")
    for client, nick in ((bob, "bob"), (ann, "ann")):
        den.leave(client, nick)
    server.settle()
    assert SEEN[1:] == [(den.jid, "")]
