"""mod_tiny_room — rooms at rooms.HOST: who joins hears what is said, until they leave. A service domain in one file.

Way:  router → services → [mod_tiny_room] → locator → Room → router, to each occupant
XEP:  0045, a very small part

Who is in a room is on disk, so a crash puts nobody out of it. What was said last is in memory: it goes with the room
when that moves to another worker, and is lost when its worker dies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from otp.kernel import codec
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Presence, Stanza
from xmppd.gen_mod import Mod, on, stanza_handler
from xmppd.routing import iq, router
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import DiscoIdentitiesHook, DiscoItemsHook
from xmppd.routing.placed.placed import Placed
from xmppd.routing.placed.placed_server import PlacedServer
from xmppd.store import store
from xmppd.store.backend import Table
from xmppd.store.schema import create_table

MUC: Final = "http://jabber.org/protocol/muc"
DOMAIN: Final = "rooms.{host}"
IDENTITY: Final = ("conference", "text", "Tiny rooms")
FEATURES: Final = {MUC: (iq.DOMAIN, iq.ENTITY)}


@dataclass(frozen=True)
class Options:
    """`history`: how many messages who joins is told."""

    history: int = 5


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who is in a room (a bare JID) under which name."""

    domain: str
    room: str
    nick: str
    jid: str


OCCUPANT: Final = Table("tiny_room_occupant", Occupant, ("domain", "room", "nick"))
MIGRATIONS: Final = (
    create_table("tiny_room_occupant", ("domain", "room", "nick"), domain=str, room=str, nick=str, jid=str),
)


@codec.message
@dataclass(frozen=True, slots=True)
class Nicks:
    """A call to a room: who is there."""


@dataclass(slots=True)
class RoomState:
    """`there`: full JIDs by nick; `said`: the last messages, (nick, text)."""

    mod: Mod
    jid: JID
    there: dict[str, str]
    said: list[tuple[str, str]] = field(default_factory=list)


class Room(PlacedServer[RoomState]):
    """One room."""

    async def init(self, mod: Mod, key: str) -> RoomState:
        """With those that were in it before a crash."""
        jid = JID.parse(key)
        rows = await store.select(OCCUPANT, (jid.domain, jid.local))
        return RoomState(mod, jid, {row.nick: row.jid for row in rows})

    def handle_request(self, request: Nicks, state: RoomState) -> tuple[list[str], RoomState]:
        """Who is there."""
        return sorted(state.there), state

    async def handle_stanza(self, stanza: Stanza, state: RoomState) -> RoomState:
        """Somebody comes, goes, or says something."""
        match stanza:
            case Presence(type=""):
                await _join(stanza, state)
            case Presence(type="unavailable" | "error") | Message(type="error"):
                await _leave(stanza, state)
            case Message(type="groupchat"):
                await _say(stanza, state)
            case _:
                raise StanzaError("feature-not-implemented")
        return state

    def is_needed(self, state: RoomState) -> bool:
        """While somebody is there."""
        return bool(state.there)

    def hand_over(self, state: RoomState) -> list[tuple[str, str]]:
        """What was said."""
        return state.said

    def take_over(self, value: list[tuple[str, str]], state: RoomState) -> RoomState:
        """Before what has been said here."""
        state.said = [*value, *state.said]
        return state


ROOMS: Final = Placed("tiny_room", Room)


@stanza_handler
async def to_a_room(stanza: Stanza, mod: Mod) -> Stanza | None:
    """All that is for a room is for its process, wherever that is."""
    assert stanza.to is not None
    if not stanza.to.local:
        raise StanzaError("service-unavailable")
    await ROOMS.deliver(mod, stanza)
    return None


@on(DiscoIdentitiesHook, at=iq.DOMAIN)
async def identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """A room is there while somebody is in it."""
    if not point.to.local or not await store.count(OCCUPANT, (mod.domain, point.to.local)):
        return acc
    identity = {"category": "conference", "type": "text", "name": point.to.local}
    return (*acc, el("identity", ns.DISCO_INFO, identity))


@on(DiscoItemsHook, at=iq.DOMAIN)
async def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """The rooms; who is in a room."""
    if point.to.local:
        if not await store.count(OCCUPANT, (mod.domain, point.to.local)):
            raise StanzaError("item-not-found")
        nicks = await ROOMS.call(mod, point.to.bare, Nicks())
        names = [f"{point.to.bare}/{nick}" for nick in nicks]
    else:
        names = sorted({f"{row.room}@{row.domain}" for row in await store.select(OCCUPANT, (mod.domain,))})
    return (*acc, *[el("item", ns.DISCO_ITEMS, {"jid": name}) for name in names])


async def _join(presence: Presence, state: RoomState) -> None:
    assert presence.to is not None
    assert presence.from_ is not None
    nick, who = presence.to.resource, presence.from_.full
    if not nick:
        raise StanzaError("jid-malformed")
    if state.there.get(nick, who) != who:
        raise StanzaError("conflict")
    row = Occupant(state.jid.domain, state.jid.local, nick, who)
    await store.transaction(lambda tx: tx.write(row))
    for other in state.there:
        if other != nick:
            await _send(presence, other, who, state)
    state.there[nick] = who
    await _to_all(presence, nick, state)
    for said_by, text in state.said[-state.mod.options.history :]:
        message = Element(ns.CLIENT, "message", {"type": "groupchat"}, [el("body", ns.CLIENT, None, text)])
        await _send(Message(message), said_by, who, state)


async def _leave(stanza: Stanza, state: RoomState) -> None:
    assert stanza.from_ is not None
    nick = _nick_of(stanza.from_, state)
    gone = Presence(Element(ns.CLIENT, "presence", {"type": "unavailable"}))
    await _to_all(gone, nick, state)
    del state.there[nick]
    key = (state.jid.domain, state.jid.local, nick)
    await store.transaction(lambda tx: tx.delete(OCCUPANT, key))


async def _say(message: Message, state: RoomState) -> None:
    assert message.from_ is not None
    nick = _nick_of(message.from_, state)
    body = message.el.child("body")
    if body is not None and body.text() == "a bug":
        raise RuntimeError("a bug of this room")
    if body is not None:
        state.said = [*state.said, (nick, body.text())][-state.mod.options.history :]
    await _to_all(message, nick, state)


def _nick_of(jid: JID, state: RoomState) -> str:
    for nick, who in state.there.items():
        if who == jid.full:
            return nick
    raise StanzaError("not-acceptable")


async def _to_all(stanza: Stanza, nick: str, state: RoomState) -> None:
    for who in list(state.there.values()):
        await _send(stanza, nick, who, state)


async def _send(stanza: Stanza, nick: str, who: str, state: RoomState) -> None:
    room = state.jid
    copy = stanza.addressed(to=JID.parse(who), from_=JID(room.local, room.domain, nick))
    await router.route(copy, Context(Origin.SERVICE))
