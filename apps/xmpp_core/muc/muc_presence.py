"""muc_presence — presence as a room sends it: of an occupant, with what it is to the room, to each as it may see it.

Way:      entering, room_admin, room_owner → [muc_presence] → RoomDraft.tell
XEP:      0045 §7.2.2 (who sees which), §7.2.3 (real addresses), §16.6 (status codes), §17.3; 0421
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.muc.roles import Role, RoomAffiliation
from xmpp_core.muc.room import ChatRoom, Occupant
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Presence

#: what a room says, and nobody else: what clients send of it is taken away
_ROOMS_OWN: Final = frozenset({ns.MUC, ns.MUC_USER, ns.MUC_ADMIN, ns.MUC_OWNER, ns.OCCUPANT_ID, ns.HATS, ns.MAV})


@dataclass(frozen=True, slots=True)
class Why:
    """What stands in the <x/> beside who it is: status codes that all see, the new nick, who did it and why, and the
    room that is no more."""

    codes: tuple[int, ...] = ()
    nick: str | None = None
    actor: str = ""
    reason: str = field(default="", repr=False)
    destroy: Element | None = None


PLAIN: Final = Why()


def cleaned(presence: Element) -> Element:
    """What others may see of a client's presence."""
    left = [child for child in presence.children if isinstance(child, Element) and child.ns not in _ROOMS_OWN]
    attrs = {"xml:lang": presence.attrs["xml:lang"]} if "xml:lang" in presence.attrs else {}
    return Element(ns.CLIENT, "presence", attrs, list(left))


def made(
    room: ChatRoom,
    occupant: Occupant,
    *,
    said: Element,
    gone: bool = False,
    jid: JID | None = None,
    why: Why = PLAIN,
    affiliation: RoomAffiliation | None = None,
    own: Iterable[int] | None = None,
) -> Presence:
    """One presence of an occupant, to nobody yet. `said`: what its client says; `jid`: its address, to those who may
    see that; `own`: the codes that only the occupant sees, None: it is not to it."""
    known = room.affiliation(occupant.user) if affiliation is None else affiliation
    role = Role.NONE if gone else occupant.role
    item = el(
        "item",
        ns.MUC_USER,
        {
            "affiliation": known.word,
            "role": role.word,
            "jid": jid.full if jid is not None else None,
            "nick": why.nick,
        },
        el("actor", ns.MUC_USER, {"nick": why.actor}) if why.actor else None,
        el("reason", ns.MUC_USER, None, why.reason) if why.reason else None,
    )
    codes = sorted({*why.codes, *(() if own is None else (110, *own))})
    x = el("x", ns.MUC_USER, None, item, *[status(code) for code in codes], why.destroy)
    id_ = el("occupant-id", ns.OCCUPANT_ID, {"id": room.occupant_id(occupant.user)})
    sender = room.occupant_jid(occupant.nick)
    attrs = {**said.attrs, "from": sender.full}
    if gone:
        attrs["type"] = "unavailable"
    return Presence(Element(ns.CLIENT, "presence", attrs, [*said.children, id_, x]), sender)


def status(code: int) -> Element:
    """<status/>."""
    return el("status", ns.MUC_USER, {"code": str(code)})


def sees_jids(room: ChatRoom, viewer: Occupant) -> bool:
    """Whether an occupant sees the addresses of others. §7.2.3"""
    return room.config.non_anonymous or viewer.role is Role.MODERATOR


def tell_own(
    draft: RoomDraft,
    occupant: Occupant,
    to: Iterable[JID],
    *,
    said: Element | None = None,
    gone: bool = False,
    why: Why = PLAIN,
    own: Iterable[int] = (),
    affiliation: RoomAffiliation | None = None,
) -> None:
    """These sessions of an occupant see its own presence."""
    shown, codes = occupant.presence if said is None else said, tuple(own)
    for jid in to:
        presence = made(
            draft.room, occupant, said=shown, gone=gone, jid=jid, why=why, own=codes, affiliation=affiliation
        )
        draft.tell(presence, (jid,))


def tell_others(
    draft: RoomDraft,
    occupant: Occupant,
    *,
    said: Element | None = None,
    gone: bool = False,
    why: Why = PLAIN,
    affiliation: RoomAffiliation | None = None,
    shown: bool | None = None,
    but: JID | None = None,
) -> None:
    """The others, `but` for one session, see an occupant's presence, those who may with its address. `shown`: whether
    presence of its role is told to all, where that is not what the configuration says."""
    room = draft.room
    if not (room.config.shows(occupant.role) if shown is None else shown):
        return
    seeing: list[JID] = []
    others: list[JID] = []
    for other in room.occupants.values():
        if other.nick != occupant.nick:
            jids = other.jids if but is None else [jid for jid in other.jids if jid != but]
            (seeing if sees_jids(room, other) else others).extend(jids)
    content = occupant.presence if said is None else said
    for who, jid in ((seeing, occupant.seats[-1].jid), (others, None)):
        if who:
            presence = made(room, occupant, said=content, gone=gone, jid=jid, why=why, affiliation=affiliation)
            draft.tell(presence, who)


def tell_all(draft: RoomDraft, occupant: Occupant, *, why: Why = PLAIN, own: Iterable[int] = ()) -> None:
    """The others, and then its own sessions, see an occupant as it is now."""
    tell_others(draft, occupant, why=why)
    tell_own(draft, occupant, occupant.jids, why=why, own=own)


def tell_role_change(draft: RoomDraft, before: Occupant, after: Occupant) -> None:
    """All see what an occupant is now. Where presence of its new role is not told to all, those who have seen it see it
    go, and where that of its old role was not, they see it come. §7.2.2"""
    room = draft.room
    was, is_ = room.config.shows(before.role), room.config.shows(after.role)
    if was and not is_:
        tell_others(draft, after, gone=True, shown=True)
    else:
        tell_others(draft, after)
    tell_own(draft, after, after.jids)
