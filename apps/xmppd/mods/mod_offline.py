"""mod_offline — keeps messages for users who are not there, and hands them over when they come.

Way:      users (nobody can take it) → OfflineMessageHook → [mod_offline] → writer → store; UserReachableHook →
          [mod_offline] → spool → the c2s
XEP:      0160 (which messages), 0203 (delay), 0334 (no-store)
Process:  runs in the sender's process and in the c2s of the user; the writer is a process of its own
"""

from __future__ import annotations

import math
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeAlias

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns
from xmpp_core.stanza import Message
from xmpp_core.stream_management import read_count
from xmppd.gen_mod import Mod, on
from xmppd.mods.offline import archived, spool, tables, writer
from xmppd.mods.offline.room import Room
from xmppd.mods.offline.spool import Confirmed, HandedOver, Stored
from xmppd.mods.offline.writer import StoreMessage
from xmppd.routing import durability, faults, hooks
from xmppd.routing.archive_hook_points import ArchiveReadHook, CatchesUpHook, RetentionHook
from xmppd.routing.deliver import Deliver
from xmppd.routing.hook_points import (
    MessageStoredHook,
    OfflineMessageHook,
    SessionInfoHook,
    SessionLeavingHook,
    SessionLostHook,
    SessionResumedHook,
    UserReachableHook,
)
from xmppd.routing.hooks import Stop
from xmppd.routing.iq import LOCAL
from xmppd.routing.moving_hook_points import SessionRestoredHook, SessionSavedHook
from xmppd.routing.session import C2sSession
from xmppd.store.backend import StoreError

XEP = {160: "1.0.1", 203: "2.0"}
MIGRATIONS = tables.MIGRATIONS
FEATURES = {"msgoffline": (LOCAL,)}  # XEP-0160 §4
_NOT_CONTENT = frozenset({ns.CHATSTATES, ns.HINTS})
Kept: TypeAlias = Message | Stop[None] | None


@dataclass(frozen=True)
class Options:
    """`max_messages`: kept for one user, 0 for what [limits] offline_messages says; `max_octets`: of them all, as they
    are stored. Senders who are not in the user's roster may fill half of each.
    """

    max_messages: int = 0
    max_octets: int = 64 << 20


def children(mod: Mod) -> list[ChildSpec]:
    """The writer."""
    most = mod.options.max_messages or (mod.config.limits.offline_messages if mod.config is not None else 100)
    return [writer.spec(mod.host, Room(most, mod.options.max_octets))]


@on(OfflineMessageHook, seq=50)
def keep(message: Message | None, point: OfflineMessageHook, mod: Mod) -> Kept | Awaitable[Kept]:
    """Messages that somebody wrote are kept; what only tells of a chat's state is dropped; the rest is refused."""
    if message is None or message.type not in ("normal", "chat"):
        return message
    if not any(child.ns not in _NOT_CONTENT and child.name != "thread" for child in message.el.elements()):
        return Stop(None)
    if message.el.child("no-store", ns.HINTS) is not None:
        return message
    pid = process.whereis(writer.name(mod.host))
    if pid is None:
        return message
    if not durability.has_room():
        return _keep_later(message, point, pid, mod)
    told = _keep(message, point, pid, mod)
    return Stop(None) if told is None else _when_told(told)


async def _keep_later(message: Message, point: OfflineMessageHook, pid: Pid, mod: Mod) -> Kept:
    """Who has much on its way to the disk waits."""
    await durability.wait_for_writer(pid)
    told = _keep(message, point, pid, mod)
    return Stop(None) if told is None else await _when_told(told)


def _keep(message: Message, point: OfflineMessageHook, pid: Pid, mod: Mod) -> Awaitable[None] | None:
    """To the writer; then who wakes devices is told."""
    size = message.weight()
    debt = durability.add_pending(pid, size, point.owner.bare, Deliver(message, (), point.context))
    gen_server.cast(pid, StoreMessage(point.owner, message, size, point.context.first_sent, debt))
    if not hooks.wanted(mod.host, MessageStoredHook):
        return None
    return hooks.begin_run(mod.host, MessageStoredHook(point.owner, message, point.context))


async def _when_told(told: Awaitable[None]) -> Kept:
    await told
    return Stop(None)


@on(UserReachableHook)
async def deliver(point: UserReachableHook, mod: Mod) -> None:
    """The stored messages go to the resource that can take them now, oldest first, in portions."""
    await _fetch(point.session)


@on(ArchiveReadHook)
def has_read(point: ArchiveReadHook, mod: Mod) -> None:
    """What a client has fetched before it says that it is there is not handed over to it then. XEP: 0313 §5.1.1"""
    if point.session.entry.priority is None:
        archived.remember(spool.state_of(point.session).fetched, point.ids)


@on(CatchesUpHook)
def catches_up(point: CatchesUpHook, mod: Mod) -> None:
    """It is handed over only what the archive has not."""
    spool.state_of(point.session).catches_up = True


@on(SessionInfoHook)
async def told(point: SessionInfoHook, mod: Mod) -> None:
    """News of stored messages: there are some, they have been written, the client has been heard."""
    match point.message:
        case Stored():
            priority = point.session.entry.priority
            if priority is not None and priority >= 0:
                await _fetch(point.session)
        case HandedOver():
            await spool.went_on(point.session, point.message)
        case Confirmed(more):
            await spool.confirm(point.session)
            if more:
                await spool.next_portion(point.session)


async def _fetch(session: C2sSession) -> None:
    """What cannot be fetched now comes at the next login, or with the next message that is stored."""
    try:
        await spool.fetch(session)
    except (StoreError, CallError) as error:
        faults.log(error, f"fetching what is stored for {session.user}")


@on(SessionSavedHook)
def saved(states: dict[str, Any], point: SessionSavedHook, mod: Mod) -> dict[str, Any]:
    """What the client has not acknowledged yet."""
    portions = spool.unheard(point.session)
    return states | {"mod_offline": {"portions": portions}} if portions else states


@on(SessionRestoredHook)
def restored(point: SessionRestoredHook, mod: Mod) -> None:
    """When the client is back it is known what it has. A queue that was written down is without what is stored."""
    found, state = point.states.get("mod_offline", {}), spool.state_of(point.session)
    portions = found.get("portions", ())
    state.before = [(count, tuple(seqs), bool(queued and point.whole)) for count, seqs, queued in portions]
    state.moved = True


@on(SessionResumedHook, seq=60)
def resumed(point: SessionResumedHook, mod: Mod) -> None:
    """In another process than before: see spool.resumed."""
    state, h = spool.state_of(point.session), read_count(point.nonza.get("h"))
    if state.moved and h is not None:
        state.moved = False
        spool.resumed(point.session, h)


@on(SessionLeavingHook)
def leave(moved: bool, point: SessionLeavingHook, mod: Mod) -> bool | Awaitable[bool]:
    """What is left is another resource's."""
    return _leave(point.session, moved) if spool.state_of(point.session).claimed else moved


async def _leave(session: C2sSession, moved: bool) -> bool:
    return await spool.leave(session) or moved


@on(SessionLostHook)
def lost(point: SessionLostHook, mod: Mod) -> None:
    """Likewise."""
    spool.tell(point.session.jid.bare_jid())


@on(RetentionHook)
def kept_for(acc: float, point: RetentionHook, mod: Mod) -> float:
    """A message waits for its user for as long as it takes."""
    return math.inf
