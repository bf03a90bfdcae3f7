"""entering — presence that comes for a room: somebody enters, changes nick or what it says, or leaves.

Way:      room_server → [entering] → muc_presence, room_history → RoomDraft
XEP:      0045 §7.1, §7.2 (entering, in the order of §7.1), §7.6 (nicks), §7.7, §7.14 (leaving), §17.3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.muc import muc_presence, room_history
from xmpp_core.muc.muc_presence import Why
from xmpp_core.muc.roles import ADMIN, OUTCAST, OWNER, P, Role, default_role, may
from xmpp_core.muc.room import Affiliated, ChatRoom, Occupant, Seat
from xmpp_core.muc.room_config import RoomConfig
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Presence

#: bytes of what a client says in its presence: every occupant gets it, and who joins gets all of them
MOST_PRESENCE: Final = 8192


@dataclass(frozen=True, slots=True)
class EntryRules:
    """What the service says of entering: `most` occupants of a room; `legacy_join`: presence without <x/> is a wish to
    enter (§7.2.18)."""

    most: int = 10_000
    legacy_join: bool = False


def created(jid: JID, owner: JID, config: RoomConfig, salt: bytes) -> ChatRoom:
    """A room that somebody makes by entering it, locked until it is configured. §10.1.1"""
    return ChatRoom(jid, config, {owner.bare: Affiliated(OWNER)}, salt=salt, locked=True, creator=owner.bare)


def arrive(draft: RoomDraft, presence: Presence, rules: EntryRules, *, new: bool = False) -> None:
    """Available presence for the room. `new`: the room has just been made by it. Raises StanzaError."""
    sender, nick = presence.from_, _nick_of(presence)
    assert sender is not None
    if presence.el.weight() > MOST_PRESENCE:
        raise StanzaError("policy-violation", "this presence is too large for a room")
    occupant = draft.room.occupant_of(sender)
    joins = presence.el.child("x", ns.MUC)
    seat = Seat(sender, muc_presence.cleaned(presence.el))
    if occupant is None:
        if joins is None and not rules.legacy_join:
            _not_here(draft, presence, sender)
        else:
            _enter(draft, nick, seat, joins, rules, new)
    elif nick != occupant.nick:
        _change_nick(draft, occupant, nick, seat)
    else:
        _update(draft, occupant, seat, joins)


def _nick_of(presence: Presence) -> str:
    nick = presence.to.resource if presence.to is not None else ""
    if not nick.strip():
        raise StanzaError("jid-malformed", "a nick is needed")
    return nick


def _not_here(draft: RoomDraft, presence: Presence, sender: JID) -> None:
    """A client that believes to be in the room is told that it is not. §7.2.18"""
    assert presence.to is not None
    draft.tell(kicked_stranger(presence.to), (sender,))


def kicked_stranger(room: JID) -> Presence:
    """What says to a client that it is not in the room under this occupant's address."""
    reason = el("reason", ns.MUC_USER, None, "You are not in the room.")
    item = el("item", ns.MUC_USER, {"affiliation": "none", "role": "none"}, reason)
    codes = [muc_presence.status(code) for code in (110, 307, 333)]
    x = el("x", ns.MUC_USER, None, item, *codes)
    return Presence(Element(ns.CLIENT, "presence", {"type": "unavailable", "from": room.full}, [x]), room)


# -- entering


def _enter(draft: RoomDraft, nick: str, seat: Seat, joins: Element | None, rules: EntryRules, new: bool) -> None:
    user = seat.jid.bare_jid()
    role = _check_entry(draft.room, user, nick, joins, rules)
    before = draft.room.occupants.get(nick)
    occupant = draft.seat(nick, seat, role)
    if before is None or not _says_the_same(before, seat):
        muc_presence.tell_others(draft, occupant)
        if before is not None:
            muc_presence.tell_own(draft, occupant, before.jids)
    _welcome(draft, occupant, seat.jid, joins, (201,) if new else ())


def _check_entry(room: ChatRoom, user: JID, nick: str, joins: Element | None, rules: EntryRules) -> Role:
    """The role with which somebody enters. Raises StanzaError. §7.2.5 to §7.2.10"""
    affiliation, config = room.affiliation(user), room.config
    if room.locked and affiliation is not OWNER:
        raise StanzaError("item-not-found", "the room is being made")
    if affiliation is OUTCAST:
        raise StanzaError("forbidden", "you are banned from this room")
    if config.members_only and not may(affiliation, P.ENTER_MEMBERS_ONLY):
        raise StanzaError("registration-required", "only members may enter")
    if config.password and (joins is None or joins.child_text("password") != config.password):
        raise StanzaError("not-authorized", "a password is needed")
    check_nick(room, user, nick)
    most = min(config.max_users or rules.most, rules.most)
    if nick not in room.occupants and len(room.occupants) >= most and affiliation < ADMIN:
        raise StanzaError("service-unavailable", "the room is full")
    return default_role(affiliation, moderated=config.moderated, members_only=config.members_only)


def check_nick(room: ChatRoom, user: JID, nick: str) -> None:
    """Raises StanzaError conflict if a nick is another account's: one that is there, or for which it is reserved.
    §7.2.8"""
    there = room.occupants.get(nick)
    holder = room.holder_of(nick)
    if (there is not None and there.user.bare != user.bare) or holder not in ("", user.bare):
        raise StanzaError("conflict", "this nick is another's")


def _says_the_same(occupant: Occupant, seat: Seat) -> bool:
    return occupant.presence == seat.presence


def _welcome(
    draft: RoomDraft, occupant: Occupant, jid: JID, joins: Element | None, codes: tuple[int, ...] = ()
) -> None:
    """What who enters gets, in the order of §7.1: the others, itself, the last messages, the subject."""
    room = draft.room
    sees = muc_presence.sees_jids(room, occupant)
    for other in room.occupants.values():
        if other.nick != occupant.nick and room.config.shows(other.role):
            shown = other.seats[-1].jid if sees else None
            draft.tell(muc_presence.made(room, other, said=other.presence, jid=shown), (jid,))
    own = [*codes, *([100] if room.config.non_anonymous else []), *([170] if room.config.archive else [])]
    muc_presence.tell_own(draft, occupant, (jid,), own=own)
    for message in room_history.asked(room, joins, draft.now):
        draft.tell(message, (jid,))
    draft.tell(room_history.subject(room), (jid,))


# -- while it is there


def _update(draft: RoomDraft, occupant: Occupant, seat: Seat, joins: Element | None) -> None:
    """It says something else of itself (§7.7); or it does not know what is so, and is told everything (§17.3)."""
    same = occupant.presence == seat.presence and occupant.seats[-1].jid == seat.jid
    after = draft.seat(occupant.nick, seat, occupant.role)
    if not same:
        muc_presence.tell_others(draft, after)
    if joins is not None:
        _welcome(draft, after, seat.jid, joins)
        rest = [jid for jid in after.jids if jid != seat.jid]
    else:
        rest = list(after.jids)
    if not same or joins is None:
        muc_presence.tell_own(draft, after, rest)


def _change_nick(draft: RoomDraft, occupant: Occupant, nick: str, seat: Seat) -> None:
    """All see the old nick go and the new one come. Of an occupant with several sessions this one goes alone. §7.6"""
    room, jid = draft.room, seat.jid
    check_nick(room, occupant.user, nick)
    there, alone = room.occupants.get(nick), len(occupant.seats) == 1
    why = Why(codes=(303,), nick=nick)
    after = draft.seat(nick, seat, occupant.role)
    if alone:
        muc_presence.tell_others(draft, occupant, gone=True, why=why, but=jid)
    muc_presence.tell_own(draft, occupant, (jid,), gone=True, why=why)
    if not alone:
        _tell_who_stays(draft, occupant, after, jid)
    if there is None or there.presence != seat.presence:
        muc_presence.tell_others(draft, after)
    muc_presence.tell_own(draft, after, after.jids)


def _tell_who_stays(draft: RoomDraft, before: Occupant, mover: Occupant, jid: JID) -> None:
    """Other sessions of the account keep the old nick, whose end the mover has been told as its own: it sees them as it
    sees others. If they say something else of themselves than it has, all see that."""
    left = draft.room.occupants[before.nick]
    if draft.room.config.shows(left.role):
        shown = left.seats[-1].jid if muc_presence.sees_jids(draft.room, mover) else None
        draft.tell(muc_presence.made(draft.room, left, said=left.presence, jid=shown), (jid,))
    if left.presence != before.presence:
        muc_presence.tell_others(draft, left, but=jid)
        muc_presence.tell_own(draft, left, left.jids)


# -- leaving


def leave(draft: RoomDraft, who: JID, presence: Presence | None = None, why: Why = muc_presence.PLAIN) -> None:
    """A session leaves: `presence` is what it says then. One that is not there is not heard (§17.3). The room goes with
    the last, unless it is persistent; and with its owner, while it is locked (§10.1.3)."""
    before = draft.room.occupant_of(who)
    if before is None:
        return
    said = muc_presence.cleaned(presence.el) if presence is not None else Element(ns.CLIENT, "presence")
    affiliation = draft.room.affiliation(before.user)
    draft.unseat(who)
    after = draft.room.occupants.get(before.nick)
    gone = Occupant(before.nick, before.user, before.role, tuple([s for s in before.seats if s.jid == who]))
    if draft.room.locked:
        why = Why(destroy=el("destroy", ns.MUC_USER))
        muc_presence.tell_own(draft, gone, (who,), said=said, gone=True, why=why)
        draft.destroy()
        return
    muc_presence.tell_own(draft, gone, (who,), said=said, gone=True, why=why, affiliation=affiliation)
    if after is None:
        muc_presence.tell_others(draft, gone, said=said, gone=True, why=why)
    elif before.seats[-1].jid == who and after.presence != before.presence:
        muc_presence.tell_others(draft, after)
        muc_presence.tell_own(draft, after, after.jids)
    end_if_empty(draft)


def end_if_empty(draft: RoomDraft) -> None:
    """A temporary room that nobody is in is no more."""
    if not draft.room.occupants and not draft.room.config.persistent:
        draft.destroy()


def occupant_nick(room: JID, nick: str) -> JID:
    """The address of an occupant of this nick. Raises StanzaError jid-malformed for what no nick can be."""
    try:
        return room.with_resource(nick)
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None
