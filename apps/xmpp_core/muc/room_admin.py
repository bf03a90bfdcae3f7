"""room_admin — lists of who is what to a room, and changes of them: roles of occupants, affiliations of accounts.

Way:      room_server → [room_admin] → roles (who may), RoomDraft
XEP:      0045 §8.2 to §8.5, §9, §10.3 to §10.8, §17.4
Differs:  of many changes in one request all are made, or none. Whoever is removed is told first, then the asker is
          answered, then the others are told, as §8.2 orders it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.muc import entering, inviting, muc_presence
from xmpp_core.muc.muc_presence import Why
from xmpp_core.muc.roles import (
    ADMIN,
    AFFILIATIONS,
    MEMBER,
    NONE,
    OUTCAST,
    ROLES,
    P,
    Role,
    RoomAffiliation,
    check_affiliation_change,
    check_role_change,
    default_role,
    may,
)
from xmpp_core.muc.room import ChatRoom, Occupant
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq

#: items of one request, and affiliations of one room
MOST_ITEMS: Final = 500
MOST_AFFILIATED: Final = 20_000
#: characters of a reason
MOST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class AdminItem:
    """One item of a request. `user`: a bare JID, None where a nick says who is meant."""

    user: JID | None
    nick: str | None
    affiliation: RoomAffiliation | None
    role: Role | None
    reason: str = field(default="", repr=False)


def parse(query: Element) -> list[AdminItem]:
    """The items of a request. Raises StanzaError: bad-request, jid-malformed."""
    found = list(query.elements("item", ns.MUC_ADMIN))
    if not found or len(found) > MOST_ITEMS:
        raise StanzaError("bad-request", f"1 to {MOST_ITEMS} items")
    return [_item(one) for one in found]


def _item(element: Element) -> AdminItem:
    affiliation, role = element.get("affiliation"), element.get("role")
    if (affiliation is None) == (role is None):
        raise StanzaError("bad-request", "an item has an affiliation or a role")
    if (affiliation or "none") not in AFFILIATIONS or (role or "none") not in ROLES:
        raise StanzaError("bad-request", "no such affiliation or role")
    jid, nick = element.get("jid"), element.get("nick")
    try:
        user = JID.parse(jid).bare_jid() if jid else None
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None
    reason = (element.child_text("reason") or "")[:MOST_REASON]
    return AdminItem(
        user,
        nick,
        AFFILIATIONS[affiliation] if affiliation is not None else None,
        ROLES[role] if role is not None else None,
        reason,
    )


def handle(draft: RoomDraft, iq: Iq) -> None:
    """A request of the namespace muc#admin. Raises StanzaError."""
    assert iq.payload is not None
    items = parse(iq.payload)
    if iq.type == "get":
        draft.answer(iq.result(_listed(draft.room, iq, items[0])))
    else:
        _change(draft, iq, items)


# -- lists


def _listed(room: ChatRoom, iq: Iq, item: AdminItem) -> Element:
    assert iq.from_ is not None
    if item.role is not None:
        _check_role_list(room, iq.from_, item.role)
        found = [one for one in room.occupants.values() if one.role is item.role]
        sees = room.config.non_anonymous or room.role(iq.from_) is Role.MODERATOR
        return el("query", ns.MUC_ADMIN, None, *[_role_item(room, one, sees) for one in found])
    affiliation = NONE if item.affiliation is None else item.affiliation
    _check_affiliation_list(room, iq.from_, affiliation)
    return el("query", ns.MUC_ADMIN, None, *[_affiliation_item(room, bare) for bare in room.listed(affiliation)])


def _check_role_list(room: ChatRoom, asker: JID, role: Role) -> None:
    """§8.5, §9.8"""
    allowed = may(room.role(asker), P.KICK) if role is not Role.MODERATOR else False
    if not allowed and not may(room.affiliation(asker), P.EDIT_MODERATORS):
        raise StanzaError("forbidden")


def _check_affiliation_list(room: ChatRoom, asker: JID, wanted: RoomAffiliation) -> None:
    """Admins see who is banned and who is a member; owners all lists. Where all see each other's addresses anyway,
    members and occupants see all lists but that of the banned. §9.2, §9.5, §10.5, §10.8"""
    affiliation = room.affiliation(asker)
    needed = P.EDIT_OWNERS if wanted >= ADMIN else P.EDIT_MEMBERS
    if may(affiliation, needed):
        return
    there = room.occupant_of(asker) is not None
    open_ = room.config.non_anonymous and wanted in (MEMBER, *[one for one in RoomAffiliation if one >= ADMIN])
    if not open_ or not (may(affiliation, P.MEMBER_LIST) or there):
        raise StanzaError("forbidden")


def _role_item(room: ChatRoom, occupant: Occupant, sees: bool) -> Element:
    jid = occupant.seats[-1].jid.full if sees else None
    attrs = {"affiliation": room.affiliation(occupant.user).word, "role": occupant.role.word}
    return el("item", ns.MUC_ADMIN, {**attrs, "nick": occupant.nick, "jid": jid})


def _affiliation_item(room: ChatRoom, bare: str) -> Element:
    row = room.affiliations[bare]
    attrs = {"affiliation": row.affiliation.word, "jid": bare, "nick": row.nick or None}
    return el("item", ns.MUC_ADMIN, attrs, el("reason", ns.MUC_ADMIN, None, row.reason) if row.reason else None)


# -- changes


def _change(draft: RoomDraft, iq: Iq, items: list[AdminItem]) -> None:
    asker = iq.from_
    assert asker is not None
    tells: list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]] = []
    actor = draft.room.occupant_of(asker)
    for item in items:
        if item.role is not None:
            tells.append(_change_role(draft, asker, item, item.role))
        else:
            tells += _change_affiliation(draft, asker, item)
    why_by = actor.nick if actor is not None else ""
    removed = [(before, _by(why, why_by), left) for before, after, why, left in tells if after is None]
    for before, why, left in removed:
        _tell_own_removal(draft, before, why, left)
    draft.answer(iq.result())
    for before, why, left in removed:
        _tell_others_of_removal(draft, before, why, left)
    for before, after, _, _ in tells:
        if after is not None and after.nick in draft.room.occupants:
            muc_presence.tell_role_change(draft, before, draft.room.occupants[after.nick])
    if removed:
        entering.end_if_empty(draft)


_NOTHING: Final = Element(ns.CLIENT, "presence")


def tell_removed(draft: RoomDraft, occupant: Occupant, why: Why, affiliation: RoomAffiliation) -> None:
    """An occupant is removed and told so; then the others are told."""
    _tell_own_removal(draft, occupant, why, affiliation)
    _tell_others_of_removal(draft, occupant, why, affiliation)


def _tell_own_removal(draft: RoomDraft, occupant: Occupant, why: Why, affiliation: RoomAffiliation) -> None:
    muc_presence.tell_own(draft, occupant, occupant.jids, said=_NOTHING, gone=True, why=why, affiliation=affiliation)


def _tell_others_of_removal(draft: RoomDraft, occupant: Occupant, why: Why, affiliation: RoomAffiliation) -> None:
    muc_presence.tell_others(draft, occupant, said=_NOTHING, gone=True, why=why, affiliation=affiliation)


def _by(why: Why, actor: str) -> Why:
    return Why(why.codes, why.nick, actor, why.reason)


def _change_role(
    draft: RoomDraft, asker: JID, item: AdminItem, role: Role
) -> tuple[Occupant, Occupant | None, Why, RoomAffiliation]:
    room = draft.room
    actor, affiliation = room.role(asker), room.affiliation(asker)
    if actor < Role.MODERATOR and affiliation < ADMIN:
        raise StanzaError("forbidden")
    target = room.occupants.get(item.nick or "")
    if target is None:
        raise StanzaError("item-not-found", "nobody has this nick")
    theirs = room.affiliation(target.user)
    if room.occupant_of(asker) is not target or role is not Role.NONE:
        check_role_change(actor, affiliation, target.role, theirs, role)
    if role is Role.NONE:
        draft.remove(target)
        return target, None, Why(codes=(307,), reason=item.reason), theirs
    return target, draft.set_role(target.nick, role), Why(reason=item.reason), theirs


def _change_affiliation(
    draft: RoomDraft, asker: JID, item: AdminItem
) -> list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]]:
    room, after = draft.room, item.affiliation
    assert after is not None
    if not may(room.affiliation(asker), P.EDIT_MEMBERS):
        raise StanzaError("forbidden")
    user = _whom(room, item)
    before = room.affiliation(user)
    if after is OUTCAST and user.bare == asker.bare:
        raise StanzaError("conflict", "nobody bans themselves")
    check_affiliation_change(room.affiliation(asker), before, after)
    nick = item.nick if item.user is not None else None
    _check_reserved(room, user, nick)
    if user.bare not in room.affiliations and len(room.affiliations) >= MOST_AFFILIATED:
        raise StanzaError("resource-constraint", "the room has too many affiliations")
    draft.affiliate(user.bare, after, nick, item.reason)
    told = follow(draft, user, before, after, item.reason)
    if after is MEMBER and before < MEMBER and room.config.members_only and user.local and not told:
        draft.send(inviting.invitation(draft.room, asker, user, None))
    return told


def _whom(room: ChatRoom, item: AdminItem) -> JID:
    """Whose affiliation it is: an account's, or that of an occupant of this nick; only a ban may be for a domain."""
    if item.user is not None:
        if not item.user.local and item.affiliation not in (OUTCAST, NONE):
            raise StanzaError("jid-malformed", "an affiliation is an account's")
        return item.user
    found = room.occupants.get(item.nick or "")
    if item.nick is None or found is None:
        raise StanzaError("item-not-found" if item.nick else "bad-request", "whose affiliation?")
    return found.user


def _check_reserved(room: ChatRoom, user: JID, nick: str | None) -> None:
    if nick:
        entering.occupant_nick(room.jid, nick)
        entering.check_nick(room, user, nick)


def follow(
    draft: RoomDraft, user: JID, before: RoomAffiliation, after: RoomAffiliation, reason: str = ""
) -> list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]]:
    """What a new affiliation means for who is there: removed, or another role. (as it was, as it is or None, why, the
    affiliation)"""
    told: list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]] = []
    for occupant in draft.room.occupants_of(user):
        removed = _removal_code(draft.room, after)
        if removed:
            draft.remove(occupant)
            told.append((occupant, None, Why(codes=(removed,), reason=reason), after))
        elif after is not before:
            role = _next_role(draft.room, occupant.role, before, after)
            told.append((occupant, draft.set_role(occupant.nick, role), Why(reason=reason), after))
    return told


def _removal_code(room: ChatRoom, after: RoomAffiliation) -> int:
    if after is OUTCAST:
        return 301
    return 321 if room.config.members_only and not may(after, P.ENTER_MEMBERS_ONLY) else 0


def _next_role(room: ChatRoom, role: Role, before: RoomAffiliation, after: RoomAffiliation) -> Role:
    """An affiliation that rises brings at least its role, and one that was an admin's or owner's takes it along.
    §5.1.3"""
    usual = default_role(after, moderated=room.config.moderated)
    if after > before:
        return max(role, usual)
    return usual if before >= ADMIN > after else role
