"""mod_shared_roster — groups of accounts, made by the operator, whose members have each other as contacts.

Way:  the roster and presence, by hooks of mod_roster, mod_presence and others → [mod_shared_roster]
RFC:  6121 §2 (an item with the subscription "both", that no user has asked for)
Differs: what a user writes into the own roster about a member stands in the place of the shared item
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmppd.gen_mod import Mod, on
from xmppd.mods.shared_roster.groups import GroupMember, GroupTables, SharedGroup, groups_of, mates, parsed
from xmppd.routing import hooks
from xmppd.routing.hook_points import (
    IsContactHook,
    MaySeePresenceHook,
    RosterGetHook,
    SubscriptionListsHook,
)
from xmppd.routing.pubsub_hook_points import RosterGroupsHook


@dataclass(frozen=True)
class Options:
    """`groups`: a list of tables, each with `name` and `members`: accounts of this host, "ann", or "ann@example.org",
    or tables `{ jid = "ann", name = "Ann Smith" }`. All members of a group are in each other's rosters, in a group of
    that name, and see each other's presence."""

    groups: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError."""
        parsed(self.groups, "localhost")

    @cached_property
    def tables(self) -> GroupTables:
        """The same, read once for each host."""
        return GroupTables(self.groups)


def _shared(mod: Mod) -> tuple[SharedGroup, ...]:
    options: Options = mod.options
    return options.tables.of(mod.host) if options.groups else ()


@on(RosterGetHook)
async def items(acc: tuple[Element, ...], point: RosterGetHook, mod: Mod) -> tuple[Element, ...]:
    """The members that the user has not got in the own roster."""
    found = mates(_shared(mod), point.owner.bare)
    listed = [one for one in found.values() if not await _is_own(point.owner, one, mod)]
    return (*acc, *[_item(one, groups_of(_shared(mod), point.owner.bare, one.jid)) for one in listed])


async def _is_own(owner: JID, other: GroupMember, mod: Mod) -> bool:
    return await hooks.run_fold(mod.host, IsContactHook(owner, JID.parse(other.jid), own=True), False)


def _item(one: GroupMember, groups: tuple[str, ...]) -> Element:
    attrs = {"jid": one.jid, "name": one.name or None, "subscription": "both"}
    return el("item", ns.ROSTER, attrs, *[el("group", ns.ROSTER, None, name) for name in groups])


@on(SubscriptionListsHook, seq=60)
def lists(acc: tuple[set[str], set[str]], point: SubscriptionListsHook, mod: Mod) -> tuple[set[str], set[str]]:
    """They see each other; who is blocked is taken out later."""
    found = set(mates(_shared(mod), point.owner.bare))
    return (acc[0] | found, acc[1] | found) if found else acc


@on(MaySeePresenceHook)
def may_see(acc: bool, point: MaySeePresenceHook, mod: Mod) -> bool:
    """The same for one of them."""
    return acc or bool(groups_of(_shared(mod), point.owner.bare, point.requester.bare))


@on(IsContactHook)
def is_contact(acc: bool, point: IsContactHook, mod: Mod) -> bool:
    """They are contacts, though nobody has made them so."""
    return acc or (not point.own and bool(groups_of(_shared(mod), point.owner.bare, point.contact.bare)))


@on(RosterGroupsHook)
def groups(acc: frozenset[str], point: RosterGroupsHook, mod: Mod) -> frozenset[str]:
    """The groups that they share."""
    return acc | frozenset(groups_of(_shared(mod), point.owner.bare, point.contact.bare))
