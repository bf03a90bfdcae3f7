"""room_server — one room: a process that gives each stanza to the pure core, stores what follows, and tells it.

OTP:      gen_server; cf. mod_muc_room
Way:      mod_muc → ROOMS.call → [room_server] → xmpp_core.muc.room_events → room_writer, room_delivery, router
Process:  one for each room that somebody is in, on the worker that has its key (routing.placed); started at need, it
          ends when nobody is there, and keeps all that it knows on disk
XEP:      0045, 0313 (the archive), 0421
Differs:  senders wait until the room has taken what they say (a call), so that nobody can fill its mailbox; the room
          itself waits for no session. What an owner or admin is answered is on disk. Who is told that a session is not
          there (it may be on its way elsewhere) looks again after GHOSTS seconds
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import entering, ghosts, moderating, room_events, room_info, room_registration
from xmpp_core.muc.room import ArchivedTarget, ChatRoom, Mark
from xmpp_core.muc.room_draft import Outcome, RoomAnswer, RoomDraft, Send, Tell
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.archive import keeping, pages, retention, rules, sequence
from xmppd.archive.ids import ArchiveIds
from xmppd.archive.tables import ArchivedMessage
from xmppd.gen_mod import Mod
from xmppd.muc import room_delivery, room_operators, room_store, room_writer
from xmppd.muc.room_operators import (
    Operation,
    RoomAffiliate,
    RoomConfigure,
    RoomCreate,
    RoomDestroy,
    RoomKick,
    RoomPurge,
)
from xmppd.muc.room_requests import RoomLook, RoomSeen, RoomSettled, RoomTook
from xmppd.routing import faults, hooks, router
from xmppd.routing.context import Context, Origin
from xmppd.routing.placed.placed import Placed
from xmppd.routing.placed.placed_server import PlacedServer, Relocate
from xmppd.routing.room_hook_points import RoomEndedHook, RoomEnterHook, RoomMadeHook, RoomMessageHook
from xmppd.routing.sm import sm
from xmppd.routing.sm.orphans import ORPHANED

#: seconds after which a session that was not there is looked for again
GHOSTS: Final = 2.0


@dataclass(frozen=True, slots=True)
class GhostCheck:
    """To the room itself: whether these sessions are still not there."""

    jids: tuple[JID, ...]


@dataclass(slots=True)
class RoomState:
    """`room`: None while there is none; `last`: the number of the last message of the archive; `suspects`: sessions of
    which a GhostCheck is to come; `late`: what `sender` sends to them, if they come back."""

    mod: Mod
    jid: JID
    room: ChatRoom | None
    ids: ArchiveIds
    last: int
    suspects: set[str] = field(default_factory=set)
    late: deque[Stanza] = field(default_factory=deque)
    sender: Pid | None = None


class RoomServer(PlacedServer[RoomState]):
    """See the head of this file."""

    async def init(self, mod: Mod, key: str) -> RoomState:
        """What is on disk, with those occupants whose sessions are there."""
        await room_writer.settle(mod.host)
        jid = JID.parse(key)
        room, last = await room_store.load(mod.host, jid)
        state = RoomState(mod, jid, room, await keeping.ids(), last)
        if room is not None:
            await _check_ghosts(state, tuple(room.seats()))
        return state

    async def handle_request(self, request: Any, state: RoomState) -> tuple[Any, RoomState]:
        """A stanza, answered by a RoomTook; what the rest of the server asks."""
        match request:
            case Stanza():
                return await _take(request, state), state
            case RoomLook(asker):
                return _seen(state, JID.parse(asker)), state
            case RoomSettled():
                await room_writer.settle(state.mod.host)
                return None, state
            case RoomCreate():
                await _create(request, state)
                return None, state
            case RoomConfigure() | RoomDestroy() | RoomAffiliate() | RoomKick() | RoomPurge():
                await _operate(request, state)
                return None, state
        raise StanzaError("service-unavailable")

    async def handle_stanza(self, stanza: Stanza, state: RoomState) -> RoomState:
        """A stanza whose sender does not wait."""
        await _take(stanza, state)
        return state

    async def handle_info(self, message: Any, state: RoomState) -> Any:
        """Beside what all such processes get: sessions that may be gone. Who moves has all on disk before."""
        if isinstance(message, GhostCheck):
            state.suspects.difference_update([jid.full for jid in message.jids])
            await _check_ghosts(state, message.jids)
            message = None
        elif isinstance(message, Relocate):
            await room_writer.settle(state.mod.host)
        return await super().handle_info(message, state)

    def is_needed(self, state: RoomState) -> bool:
        """While somebody is there."""
        return state.room is not None and bool(state.room.occupants)


ROOMS: Final = Placed("muc_room", RoomServer)


# -- stanzas


async def _take(stanza: Stanza, state: RoomState) -> RoomTook:
    """Raises StanzaError, StoreError; then nothing has changed."""
    new = state.room is None
    if new and _is_lost(stanza, state):
        await room_delivery.tell(state.mod.host, entering.kicked_stranger(_to(stanza)), (_from(stanza),))
        return RoomTook()
    room = state.room if state.room is not None else await _made(stanza, state)
    stanza = await _heard_by_modules(stanza, room, state.mod.host)
    taken_back = await _target(stanza, state)
    mark, now = _mark(stanza, state, taken_back)
    draft = RoomDraft(room, now)
    options = state.mod.options
    room_events.handle(draft, stanza, options.entry_rules, mark, new=new)
    took = await _carry_out(draft.done(), room, state, stanza.from_, taken_back)
    if new and state.room is not None and hooks.wanted(state.mod.host, RoomMadeHook):
        await hooks.run(state.mod.host, RoomMadeHook(state.jid, _from(stanza).bare_jid()))
    return took


async def _heard_by_modules(stanza: Stanza, room: ChatRoom, host: str) -> Stanza:
    """What modules leave of it. Raises what they raise."""
    says = stanza.type == "groupchat" and not _to(stanza).resource
    if isinstance(stanza, Message) and says and hooks.wanted(host, RoomMessageHook):
        return await hooks.run_fold(host, RoomMessageHook(room.jid), stanza)
    enters = stanza.type == "" and room.occupant_of(_from(stanza)) is None
    if isinstance(stanza, Presence) and enters and hooks.wanted(host, RoomEnterHook):
        await hooks.run(host, RoomEnterHook(room.jid, stanza))
    return stanza


async def _target(stanza: Stanza, state: RoomState) -> ArchivedMessage | None:
    """The message of the archive that this one wants taken back, if it is there."""
    if isinstance(stanza, Iq):
        wish = moderating.asked(stanza.payload)
        id_ = wish.id if wish is not None else ""
    else:
        id_ = moderating.retracted(stanza.el) if isinstance(stanza, Message) else ""
    seq = state.ids.decode(state.jid.bare, id_) if id_ else None
    if seq is None:
        return None
    await room_writer.settle(state.mod.host)
    return (await pages.read_these((state.jid.domain, state.jid.local), [seq]))[0]


def _is_lost(stanza: Stanza, state: RoomState) -> bool:
    """Whether a client believes to be in a room that is not there. §7.2.18"""
    is_presence = isinstance(stanza, Presence) and stanza.type == "" and bool(_to(stanza).resource)
    return is_presence and stanza.el.child("x", ns.MUC) is None and not state.mod.options.legacy_join


def _to(stanza: Stanza) -> JID:
    assert stanza.to is not None
    return stanza.to


def _from(stanza: Stanza) -> JID:
    assert stanza.from_ is not None
    return stanza.from_


async def _made(stanza: Stanza, state: RoomState) -> ChatRoom:
    """A room that somebody makes by entering it. Raises StanzaError item-not-found for all else, what may_create
    raises. §10.1.1"""
    if not isinstance(stanza, Presence) or stanza.type != "":
        raise StanzaError("item-not-found", "there is no such room")
    await may_create(state.mod, _from(stanza))
    config = state.mod.options.room_config
    return entering.created(state.jid, _from(stanza).bare_jid(), config, await room_store.salt())


async def may_create(mod: Mod, who: JID) -> None:
    """Raises StanzaError unless somebody may make a room: an account of ours that has not made too many, or an
    administrator. XEP: 0045 §10.1.1"""
    admin = mod.config is not None and who.bare in mod.config.admins
    if not admin and (mod.options.restrict_creation or not who.local or not router.serves(who.domain)):
        raise StanzaError("not-allowed", "you may not make rooms here")
    if not admin and await room_store.created_by(mod.host, who.bare) >= mod.options.max_rooms:
        raise StanzaError("resource-constraint", "you have made too many rooms", type_="cancel")


def _mark(stanza: Stanza, state: RoomState, taken_back: ArchivedMessage | None) -> tuple[Mark, float]:
    """The number of a message in the archive and its id, and when it is."""
    speaks = isinstance(stanza, Message) and stanza.type == "groupchat"
    if not speaks and taken_back is None:
        return Mark(0, "", keep=False), CLOCK.time()
    keep = rules.is_kept("normal", rules.look(stanza.el.children))
    state.last = keeping.next_number(state.last)
    target = ArchivedTarget(taken_back.seq, room_store.occupant_id_of(taken_back)) if taken_back is not None else None
    return Mark(state.last, state.ids.encode(state.jid.bare, state.last), keep, target), sequence.seconds(state.last)


async def _carry_out(
    outcome: Outcome, before: ChatRoom, state: RoomState, asker: JID | None, taken_back: ArchivedMessage | None = None
) -> RoomTook:
    """Store it, and then tell; or tell, while it is on its way to the disk."""
    changes, writer = outcome.changes, None
    if before.locked and outcome.room is not None and state.room is None:
        changes = replace(changes, room=True, affiliated=dict(before.affiliations), durable=True)
        outcome = replace(outcome, changes=changes)
    write = room_store.write_of(state.mod.host, before, outcome, CLOCK.time_ns() // 1000, taken_back)
    if write is not None and changes.durable:
        await room_writer.commit(state.mod.host, write)
    elif write is not None:
        writer = room_writer.keep(state.mod.host, write)
        if writer is None:
            raise StanzaError("resource-constraint", faults.LATER, type_="wait")
    state.room = outcome.room
    if outcome.room is None and hooks.wanted(state.mod.host, RoomEndedHook):
        await hooks.run(state.mod.host, RoomEndedHook(state.jid))
    await _tell(outcome, state, asker)
    return RoomTook(writer, tuple([effect.stanza for effect in outcome.effects if isinstance(effect, Send)]))


async def _tell(outcome: Outcome, state: RoomState, asker: JID | None) -> None:
    host = state.mod.host
    for effect in outcome.effects:
        match effect:
            case Tell(stanza, to):
                _suspect(state, await room_delivery.tell(host, stanza, to), stanza)
            case RoomAnswer(stanza) if asker is not None:
                await _answer(host, stanza, asker)


async def _answer(host: str, stanza: Stanza, asker: JID) -> None:
    """In the order of what the asker is told beside."""
    attrs = {key: value for key, value in stanza.el.attrs.items() if key != "to"}
    el = Element(stanza.el.ns, stanza.el.name, attrs, stanza.el.children)
    await room_delivery.tell(host, stanza.with_el(el), (asker,))


# -- operators


async def _create(asked: RoomCreate, state: RoomState) -> None:
    if state.room is not None:
        raise StanzaError("conflict", "there is such a room")
    config, salt = state.mod.options.room_config, await room_store.salt()
    room = room_operators.made(entering.created(state.jid, JID.parse(asked.owner), config, salt), asked)
    draft = RoomDraft(room, CLOCK.time())
    draft.change()
    draft.must_last()
    await _carry_out(draft.done(), replace(room, locked=True), state, None)


async def _operate(asked: Operation, state: RoomState) -> None:
    if state.room is None:
        raise StanzaError("item-not-found", "there is no such room")
    draft = RoomDraft(state.room, CLOCK.time())
    room_operators.act(draft, asked)
    await _carry_out(draft.done(), state.room, state, None)
    if isinstance(asked, RoomPurge):
        await retention.purge(state.jid.domain, state.jid.local, sequence.END)


# -- sessions that are gone


def _suspect(state: RoomState, gone: Sequence[JID], stanza: Stanza | None = None) -> None:
    """They are not in the table of sessions: their end is told in a moment, or they come back. What is for those whose
    worker has died waits for that, all in one line."""
    if stanza is not None:
        for jid in gone:
            if jid.bare in ORPHANED:
                state.late.append(stanza.addressed(to=jid))
    if state.late and (state.sender is None or not process.is_alive(state.sender)):
        state.sender = process.spawn(_send_late, state)
    fresh = tuple([jid for jid in gone if jid.full not in state.suspects])
    if fresh:
        state.suspects.update([jid.full for jid in fresh])
        process.send_after(GHOSTS, process.self_(), GhostCheck(fresh))


async def _send_late(state: RoomState) -> None:
    """The router waits until a session is back, or is known to be lost."""
    while state.late:
        await router.route(state.late[0], Context(Origin.SERVICE))
        state.late.popleft()
    state.sender = None


async def _check_ghosts(state: RoomState, jids: Sequence[JID]) -> None:
    for jid in jids:
        if state.room is None or jid.full not in state.room.nicks or not router.serves(jid.domain):
            continue
        if any(session.jid == jid for session in await sm.settled_sessions(jid.bare)):
            continue
        if jid.bare in ORPHANED:
            _suspect(state, (jid,))
        else:
            draft = RoomDraft(state.room, CLOCK.time())
            ghosts.remove(draft, jid)
            await _carry_out(draft.done(), state.room, state, None)


# -- what the rest of the server asks


def _seen(state: RoomState, asker: JID) -> RoomSeen | None:
    room = state.room
    if room is None or (room.locked and room.occupant_of(asker) is None):
        return None
    affiliation, reserved = room.affiliation(asker), room_registration.reserved(room, asker)
    return RoomSeen(
        room_info.identity(room).to_xml(""),
        room_info.features(room),
        room_info.form(room).to_xml(""),
        reserved.to_xml("") if reserved is not None else "",
        affiliation.word,
        room.occupant_of(asker) is not None,
        tuple(sorted(room.occupants)),
        room.config.archive,
        room.config.members_only or bool(room.config.password),
    )
