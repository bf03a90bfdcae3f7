"""Who may do what: the tables of XEP-0045 §5, cell by cell, and what is said to each change that is refused."""

from __future__ import annotations

from itertools import product

import pytest

from xmpp_core.errors import StanzaError
from xmpp_core.muc.roles import (
    ADMIN,
    MEMBER,
    NONE,
    OUTCAST,
    OWNER,
    P,
    Privilege,
    Role,
    RoomAffiliation,
    check_affiliation_change,
    check_role_change,
    default_role,
    may,
)

V, A, M = Role.VISITOR, Role.PARTICIPANT, Role.MODERATOR
#: §5.1.1: none, visitor, participant, moderator
ROLES = {
    P.PRESENT: "nyyy", P.RECEIVE: "nyyy", P.RECEIVE_PRESENCE: "nyyy", P.BROADCAST_PRESENCE: "nyyy",
    P.AVAILABILITY: "nyyy", P.NICK: "nyyy", P.PRIVATE: "nyyy", P.INVITE: "nyyy", P.SPEAK: "nnyy", P.SUBJECT: "nnny",
    P.KICK: "nnny", P.GRANT_VOICE: "nnny", P.REVOKE_VOICE: "nnny",
}  # fmt: skip
#: §5.2.1: outcast, none, member, admin, owner
AFFILIATIONS = {
    P.ENTER_OPEN: "nyyyy", P.REGISTER: "nyyyy", P.MEMBER_LIST: "nnyyy", P.ENTER_MEMBERS_ONLY: "nnyyy", P.BAN: "nnnyy",
    P.EDIT_MEMBERS: "nnnyy", P.EDIT_MODERATORS: "nnnyy", P.EDIT_ADMINS: "nnnny", P.EDIT_OWNERS: "nnnny",
    P.CONFIGURE: "nnnny", P.DESTROY: "nnnny",
}  # fmt: skip


@pytest.mark.parametrize(("privilege", "cells"), ROLES.items())
def test_each_cell_of_the_roles(privilege: Privilege, cells: str) -> None:
    assert [may(role, privilege) for role in Role] == [cell == "y" for cell in cells]


@pytest.mark.parametrize(("privilege", "cells"), AFFILIATIONS.items())
def test_each_cell_of_the_affiliations(privilege: Privilege, cells: str) -> None:
    assert [may(affiliation, privilege) for affiliation in RoomAffiliation] == [cell == "y" for cell in cells]


def test_all_privileges_stand_in_one_of_the_tables() -> None:
    assert set(ROLES) | set(AFFILIATIONS) == set(Privilege)
    assert not set(ROLES) & set(AFFILIATIONS)


def test_with_which_role_one_enters() -> None:
    """§5.1.2: none, member, admin, owner."""
    rows = (NONE, MEMBER, ADMIN, OWNER)
    assert [default_role(one, moderated=True) for one in rows] == [V, A, M, M]
    assert [default_role(one, moderated=False) for one in rows] == [A, A, M, M]
    assert [default_role(one, moderated=False, members_only=True) for one in rows] == [Role.NONE, A, M, M]
    assert default_role(OUTCAST, moderated=False) is Role.NONE


def affiliation_error(actor: RoomAffiliation, before: RoomAffiliation, after: RoomAffiliation) -> str:
    try:
        check_affiliation_change(actor, before, after)
    except StanzaError as error:
        return error.condition
    return ""


def test_who_changes_which_affiliation() -> None:
    """§5.2.2: all changes are an owner's, those among outcast, none and member an admin's too."""
    for before, after in product(RoomAffiliation, repeat=2):
        assert affiliation_error(OWNER, before, after) == ""
        low = before < ADMIN and after < ADMIN
        assert (affiliation_error(ADMIN, before, after) == "") is low
        for actor in (OUTCAST, NONE, MEMBER):
            assert affiliation_error(actor, before, after) == "forbidden"


def test_an_admin_bans_no_owner_and_makes_no_admins() -> None:
    assert affiliation_error(ADMIN, OWNER, OUTCAST) == "not-allowed"  # §9.1
    assert affiliation_error(ADMIN, ADMIN, OUTCAST) == "forbidden"  # §5.2.2: an owner does
    for before, after in ((MEMBER, ADMIN), (ADMIN, MEMBER), (OWNER, NONE), (NONE, OWNER)):
        assert affiliation_error(ADMIN, before, after) == "forbidden"  # §10.3 to §10.8


def role_error(actor: Role, own: RoomAffiliation, before: Role, affiliation: RoomAffiliation, after: Role) -> str:
    try:
        check_role_change(actor, own, before, affiliation, after)
    except StanzaError as error:
        return error.condition
    return ""


@pytest.mark.parametrize("actor", [Role.NONE, V, A])
def test_who_is_no_moderator_changes_no_role(actor: Role) -> None:
    for before, after in product((V, A), (Role.NONE, V, A)):
        for own, affiliation in product((NONE, MEMBER), (NONE, MEMBER, ADMIN, OWNER)):
            assert role_error(actor, own, before, affiliation, after) == "forbidden"
    for own in (NONE, MEMBER):
        assert role_error(actor, own, A, NONE, M) == "forbidden"


def test_nobody_is_kicked_by_a_lower_affiliation() -> None:
    """§8.2"""
    for own, affiliation in product((NONE, MEMBER, ADMIN, OWNER), repeat=2):
        expected = "not-allowed" if affiliation > own else ""
        assert role_error(M, own, A, affiliation, Role.NONE) == expected
        if affiliation > own:
            assert role_error(M, own, M, affiliation, Role.NONE) == "not-allowed"
        else:
            assert role_error(M, own, M, affiliation, Role.NONE) == ("" if own >= ADMIN else "forbidden")


def test_whose_voice_is_taken_by_whom() -> None:
    """§8.4: nobody's who is at or above the moderator's level, and no admin's or owner's at all."""
    for own in (NONE, MEMBER, ADMIN, OWNER):
        assert role_error(M, own, A, NONE, V) == ""
        assert role_error(M, own, A, MEMBER, V) == ("" if own > MEMBER else "not-allowed")
        for high in (ADMIN, OWNER):
            assert role_error(M, own, A, high, V) == "not-allowed"
        assert role_error(M, own, V, NONE, A) == ""


def test_admins_and_owners_make_moderators() -> None:
    """§9.6, §9.7"""
    for own in (NONE, MEMBER):
        assert role_error(M, own, A, NONE, M) == "forbidden"
        assert role_error(M, own, M, NONE, A) == "forbidden"
    for own in (ADMIN, OWNER):
        for actor in (Role.NONE, M):
            assert role_error(actor, own, A, NONE, M) == ""
            assert role_error(actor, own, M, MEMBER, A) == ""
            for high in (ADMIN, OWNER):
                assert role_error(actor, own, M, high, A) == "not-allowed"
        assert role_error(Role.NONE, own, M, NONE, Role.NONE) == "forbidden"
