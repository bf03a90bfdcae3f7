"""roles — what somebody is to a room: the affiliation lasts, the role is that of a visit; and who may change either.

Way:      room_admin, entering, speaking → [roles]: two tables of privileges and the rules for changes
XEP:      0045 §5 (the tables), §8, §9, §10 (errors of each change)
Differs:  who lacks the privilege of an action is told `forbidden`; `not-allowed` is only where the text says so: the
          asker has the privilege, and the one concerned is protected from it
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from xmpp_core.errors import StanzaError


class Ranked(IntEnum):
    """Ranks with XMPP's words for them, as they stand in attributes: the higher one may do all that a lower one may."""

    word: str


class RoomAffiliation(Ranked):
    """What a bare JID is to a room, for good. XEP: 0045 §5.2"""

    OUTCAST = 0
    NONE = 1
    MEMBER = 2
    ADMIN = 3
    OWNER = 4


class Role(Ranked):
    """What an occupant is for as long as the visit lasts. XEP: 0045 §5.1"""

    NONE = 0
    VISITOR = 1
    PARTICIPANT = 2
    MODERATOR = 3


for _one in (*RoomAffiliation, *Role):
    _one.word = _one.name.lower()  # looked at for each occupant at each step
OUTCAST, NONE, MEMBER, ADMIN, OWNER = RoomAffiliation
AFFILIATIONS: Final = {one.word: one for one in RoomAffiliation}
ROLES: Final = {one.word: one for one in Role}


class Privilege(StrEnum):
    """What a role may do, or an affiliation."""

    PRESENT = "present in room"
    RECEIVE = "receive messages"
    RECEIVE_PRESENCE = "receive occupant presence"
    BROADCAST_PRESENCE = "broadcast presence to all occupants"
    AVAILABILITY = "change availability status"
    NICK = "change room nickname"
    PRIVATE = "send private messages"
    INVITE = "invite other users"
    SPEAK = "send messages to all"
    SUBJECT = "modify subject"
    KICK = "kick participants and visitors"
    GRANT_VOICE = "grant voice"
    REVOKE_VOICE = "revoke voice"
    ENTER_OPEN = "enter open room"
    REGISTER = "register with open room"
    MEMBER_LIST = "retrieve member list"
    ENTER_MEMBERS_ONLY = "enter members-only room"
    BAN = "ban members and unaffiliated users"
    EDIT_MEMBERS = "edit member list"
    EDIT_MODERATORS = "assign and remove moderator role"
    EDIT_ADMINS = "edit admin list"
    EDIT_OWNERS = "edit owner list"
    CONFIGURE = "change room configuration"
    DESTROY = "destroy room"


P = Privilege
#: the least role that has each; what a room's configuration may change is asked of it (RoomConfig). §5.1.1
LEAST_ROLE: Final[dict[Privilege, Role]] = {
    P.PRESENT: Role.VISITOR,
    P.RECEIVE: Role.VISITOR,
    P.RECEIVE_PRESENCE: Role.VISITOR,
    P.BROADCAST_PRESENCE: Role.VISITOR,
    P.AVAILABILITY: Role.VISITOR,
    P.NICK: Role.VISITOR,
    P.PRIVATE: Role.VISITOR,
    P.INVITE: Role.VISITOR,
    P.SPEAK: Role.PARTICIPANT,
    P.SUBJECT: Role.MODERATOR,
    P.KICK: Role.MODERATOR,
    P.GRANT_VOICE: Role.MODERATOR,
    P.REVOKE_VOICE: Role.MODERATOR,
}
#: the least affiliation that has each. §5.2.1
LEAST_AFFILIATION: Final[dict[Privilege, RoomAffiliation]] = {
    P.ENTER_OPEN: NONE,
    P.REGISTER: NONE,
    P.MEMBER_LIST: MEMBER,
    P.ENTER_MEMBERS_ONLY: MEMBER,
    P.BAN: ADMIN,
    P.EDIT_MEMBERS: ADMIN,
    P.EDIT_MODERATORS: ADMIN,
    P.EDIT_ADMINS: OWNER,
    P.EDIT_OWNERS: OWNER,
    P.CONFIGURE: OWNER,
    P.DESTROY: OWNER,
}


def may(who: Role | RoomAffiliation, privilege: Privilege) -> bool:
    """Whether a role, or an affiliation, has a privilege."""
    table: dict[Privilege, Role] | dict[Privilege, RoomAffiliation]
    table = LEAST_ROLE if isinstance(who, Role) else LEAST_AFFILIATION
    return who >= table[privilege]


def default_role(affiliation: RoomAffiliation, *, moderated: bool, members_only: bool = False) -> Role:
    """With which role somebody enters; Role.NONE: not at all. §5.1.2"""
    if affiliation is OUTCAST or (members_only and not may(affiliation, P.ENTER_MEMBERS_ONLY)):
        return Role.NONE
    if affiliation >= ADMIN:
        return Role.MODERATOR
    return Role.VISITOR if moderated and affiliation is NONE else Role.PARTICIPANT


def check_affiliation_change(actor: RoomAffiliation, before: RoomAffiliation, after: RoomAffiliation) -> None:
    """Raises StanzaError unless somebody of affiliation `actor` may make one who is `before` to the room `after`.
    §5.2.2, §9, §10"""
    if not may(actor, P.EDIT_MEMBERS):
        raise StanzaError("forbidden")
    if actor is OWNER or max(before, after) < ADMIN:
        return
    if after is OUTCAST and before > actor:
        raise StanzaError("not-allowed", "nobody is banned by somebody of a lower affiliation")  # §9.1
    raise StanzaError("forbidden")


def check_role_change(
    actor: Role, actor_affiliation: RoomAffiliation, before: Role, affiliation: RoomAffiliation, after: Role
) -> None:
    """Raises StanzaError unless an occupant of role `actor` and `actor_affiliation` may give another one, who has the
    role `before` and `affiliation`, the role `after`. §5.1.3, §8, §9.6 to §9.8"""
    if before is Role.MODERATOR or after is Role.MODERATOR:
        _check_moderator(actor, actor_affiliation, before, affiliation, after)
    elif not may(actor, P.KICK):
        raise StanzaError("forbidden")
    elif after is Role.NONE and affiliation > actor_affiliation:
        raise StanzaError("not-allowed", "nobody is kicked by somebody of a lower affiliation")  # §8.2
    elif after is Role.VISITOR and not _may_silence(actor_affiliation, affiliation):
        raise StanzaError("not-allowed", "this affiliation has a right to speak")  # §8.4


def _check_moderator(
    actor: Role, actor_affiliation: RoomAffiliation, before: Role, affiliation: RoomAffiliation, after: Role
) -> None:
    """Changes of who is a moderator are for admins and owners, in the room or not."""
    if after is Role.NONE and actor is Role.MODERATOR and affiliation > actor_affiliation:
        raise StanzaError("not-allowed", "nobody is kicked by somebody of a lower affiliation")  # §8.2
    if not may(actor_affiliation, P.EDIT_MODERATORS) or (after is Role.NONE and not may(actor, P.KICK)):
        raise StanzaError("forbidden")
    if before is Role.MODERATOR and Role.NONE < after < Role.MODERATOR and affiliation >= ADMIN:
        raise StanzaError("not-allowed", "an admin or owner is a moderator")  # §9.7


def _may_silence(actor: RoomAffiliation, affiliation: RoomAffiliation) -> bool:
    """§8.4 protects who is at or above the moderator's level; who has no affiliation is at no level. An admin's or
    owner's voice nobody takes."""
    return affiliation is NONE or (affiliation < ADMIN and affiliation < actor)
