"""mod_muc — rooms in which many talk, at a domain of their own.

Way:      router → services → [mod_muc] → ROOMS.call → muc.room_server, wherever the room is; router → iq → [mod_muc] →
          archive.answers
Process:  handlers run in the sender's process, and wait until the room has taken what they give it
XEP:      0045, 0313 (the archive of a room), 0059 (the list of rooms in pages)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.kernel import pg
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import room_config
from xmpp_core.muc.entering import EntryRules
from xmpp_core.muc.room_config import RoomConfig
from xmpp_core.stanza import Iq, Message, Presence, Stanza, make_presence
from xmppd.archive import retention, sequence
from xmppd.gen_mod import Mod, every, iq_handler, on, stanza_handler
from xmppd.muc import room_archive, room_commands, room_delivery, room_disco, room_server, room_writer, tables
from xmppd.muc.room_requests import RoomTook
from xmppd.muc.tables import BY_JID, OCCUPANT
from xmppd.routing import durability, router
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import SessionLostHook
from xmppd.routing.iq import DOMAIN as AT_DOMAIN
from xmppd.routing.iq import ENTITY
from xmppd.store import store
from xmppd.store.backend import Range

XEP = {
    45: "1.35.5",
    59: "1.0",
    313: "1.1.3",
    410: "1.1.0",
    421: "1.0.1",
    424: "0.4.2",
    425: "0.3.0",
    486: "0.1.0",
    500: "0.1.0",
}
DOMAIN: Final = "conference.{host}"
IDENTITY: Final = ("conference", "text", "Rooms")
MIGRATIONS = tables.MIGRATIONS
FEATURES = {
    ns.MUC: (AT_DOMAIN, ENTITY),
    ns.RSM: (AT_DOMAIN,),
    ns.MUC_STABLE_ID: (ENTITY,),
    ns.MUC_SELF_PING: (ENTITY,),
    ns.OCCUPANT_ID: (ENTITY,),
    ns.REGISTER: (ENTITY,),
    ns.STANZA_ID: (ENTITY,),
    ns.MODERATE_OLD: (ENTITY,),
    ns.RETRACT: (ENTITY,),
    f"{ns.RETRACT}#tombstone": (ENTITY,),
}
#: seconds that a sender waits for its turn, as where thousands enter a room at once
PATIENCE: Final = 20.0
#: one room for each address, on all workers together
ROOMS: Final = room_server.ROOMS


@dataclass(frozen=True)
class Options:
    """`restrict_creation`: only administrators make rooms; `legacy_join`: presence without <x/> is a wish to enter;
    `default_options`: of new rooms, as `{ persistent = true }`; `max_rooms` that one account makes, `max_occupants` of
    one room; `retention_days`: for how long archives of rooms keep messages, 0: for ever."""

    restrict_creation: bool = False
    legacy_join: bool = False
    default_options: Mapping[str, Any] = field(default_factory=dict)
    max_rooms: int = 100
    max_occupants: int = 10_000
    retention_days: int = 365

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if min(self.max_rooms, self.max_occupants, self.retention_days) < 0:
            raise ValueError("max_rooms, max_occupants and retention_days are not negative")
        room_config.from_dict(self.default_options)

    @cached_property
    def room_config(self) -> RoomConfig:
        """Of a new room."""
        return room_config.from_dict(self.default_options)

    @cached_property
    def entry_rules(self) -> EntryRules:
        """What the service says of entering a room."""
        return EntryRules(self.max_occupants, self.legacy_join)


def children(mod: Mod) -> list[ChildSpec]:
    """Who writes, and who delivers on this node."""
    return [room_writer.spec(mod.host), room_delivery.spec(mod.host)]


# -- stanzas


@stanza_handler
async def heard(stanza: Stanza, mod: Mod) -> None:
    """What is for a room or an occupant; who leaves need not wait."""
    assert stanza.to is not None
    if not stanza.to.local:
        if (isinstance(stanza, Iq) and stanza.is_request) or isinstance(stanza, Message):
            raise StanzaError("service-unavailable")
        return
    if isinstance(stanza, Presence) and stanza.type == "unavailable":
        await ROOMS.deliver(mod, stanza)
    else:
        await _give(stanza, mod)


async def _give(stanza: Stanza, mod: Mod) -> None:
    """Returns when the room has taken it. What follows goes by the sender's way, and what is to be stored is before
    anything is acknowledged to it."""
    assert stanza.to is not None
    taken: RoomTook = await ROOMS.call(mod, stanza.to.bare, stanza, PATIENCE)
    if taken.writer is not None:
        durability.add_pending(taken.writer, stanza.weight())
    for one in taken.sends:
        await router.route(one, Context(Origin.SERVICE))


@iq_handler(ns.MUC_ADMIN, "query", at=(ENTITY,), announce=())
@iq_handler(ns.MUC_OWNER, "query", at=(ENTITY,), announce=())
@iq_handler(ns.REGISTER, "query", at=(ENTITY,), announce=())
@iq_handler(ns.MODERATE, "moderate", at=(ENTITY,), only="set", announce=(ENTITY,))
@iq_handler(ns.FASTEN, "apply-to", at=(ENTITY,), only="set", announce=())
async def administer(iq: Iq, mod: Mod) -> None:
    """Lists, roles, affiliations, configuration, registration: the room answers."""
    await _give(iq, mod)


# -- what it says of itself


@iq_handler(ns.DISCO_INFO, "query", at=(ENTITY,), only="get")
async def info(iq: Iq, mod: Mod) -> Iq:
    """A room's features, and the form that says more of it."""
    return await room_disco.info(iq, mod)


@iq_handler(ns.DISCO_ITEMS, "query", at=(AT_DOMAIN, ENTITY), only="get")
async def items(iq: Iq, mod: Mod) -> Iq:
    """The rooms that may be seen; who is in a room, for those who are there."""
    return await room_disco.items(iq, mod)


@iq_handler(ns.VCARD, "vCard", at=(ENTITY,), announce=(AT_DOMAIN, ENTITY))
async def card(iq: Iq, mod: Mod) -> Iq | None:
    """A room's card, for all; an owner sets it. XEP: 0486"""
    if iq.type == "set":
        await _give(iq, mod)
        return None
    return await room_disco.card(iq, mod)


# -- the archive


@iq_handler(ns.MAM, "query", at=(ENTITY,), announce=())
async def archive(iq: Iq, mod: Mod) -> Iq:
    """A get asks for the form; a set for a page, which comes as messages before the answer. XEP: 0313 §5"""
    return await room_archive.query_of(iq, mod)


@iq_handler(ns.MAM, "metadata", at=(ENTITY,), only="get", announce=())
async def metadata(iq: Iq, mod: Mod) -> Iq:
    """The first and the last message."""
    return await room_archive.ends_of(iq, mod)


# -- commands

room_list, room_info, room_create = room_commands.room_list, room_commands.room_info, room_commands.room_create
room_config_, room_affiliation = room_commands.config, room_commands.affiliation
room_kick, room_purge, room_destroy = room_commands.kick, room_commands.room_purge, room_commands.destroy


# -- what goes


@on(SessionLostHook)
async def lost(point: SessionLostHook, mod: Mod) -> None:
    """A session ended without a word: its rooms hear of it, also those of other hosts."""
    jid = point.session.jid
    for row in await store.find(OCCUPANT, Range((jid.full,), by=BY_JID)):
        room = JID(row.room, row.domain, row.nick)
        await router.route(make_presence(room, type_="unavailable", from_=jid), Context(Origin.SERVER))


@every(3600)
async def look_after(mod: Mod) -> None:
    """One worker starts the rooms in which somebody was when the server or their worker ended: who is still there is in
    them, the rest is not, and a temporary room that nobody is in is no more."""
    pids = pg.get_members(room_delivery.name(mod.host))
    if not pids or min(pids, key=str) is not process.whereis(room_delivery.name(mod.host)):
        return
    for name in await store.transaction(lambda tx: tx.values(OCCUPANT, (mod.host,))):
        await ROOMS.whereis(mod, JID(str(name), mod.domain).bare)
        await process.give_way()


@every(3600)
async def forget(mod: Mod) -> None:
    """One worker deletes what archives have kept for long enough."""
    pids = pg.get_members(room_delivery.name(mod.host))
    if mod.options.retention_days and pids and min(pids, key=str) is process.whereis(room_delivery.name(mod.host)):
        now = datetime.fromtimestamp(CLOCK.time(), UTC)
        await retention.sweep(mod.domain, sequence.before(now - timedelta(days=mod.options.retention_days)))
