"""groups — groups of accounts as the configuration names them, and who is in one with whom.

Way:      mod_shared_roster → [groups]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xmpp_core.jid import JID, JidError

#: groups, and members of all of them together
MOST_GROUPS: Final = 200
MOST_MEMBERS: Final = 5000


@dataclass(frozen=True, slots=True)
class GroupMember:
    """An account in a group, under the name that others see."""

    jid: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SharedGroup:
    """A group, its members by their JIDs."""

    name: str
    members: Mapping[str, GroupMember]


@dataclass(slots=True)
class GroupTables:
    """The tables of the configuration, and what they mean on each host that has asked."""

    tables: tuple[Mapping[str, Any], ...]
    known: dict[str, tuple[SharedGroup, ...]] = field(default_factory=dict)

    def of(self, host: str) -> tuple[SharedGroup, ...]:
        """The groups of a host."""
        if host not in self.known:
            self.known[host] = parsed(self.tables, host)
        return self.known[host]


def parsed(tables: Iterable[Mapping[str, Any]], host: str) -> tuple[SharedGroup, ...]:
    """Those that the configuration names, for the accounts of `host`. Raises ValueError."""
    found = tuple([_parsed(table, host) for table in tables])
    names = [one.name for one in found]
    if len(set(names)) != len(names):
        raise ValueError("groups: two bear one name")
    if len(found) > MOST_GROUPS or sum(len(one.members) for one in found) > MOST_MEMBERS:
        raise ValueError(f"groups: more than {MOST_GROUPS}, or more than {MOST_MEMBERS} members")
    return found


def _parsed(table: Mapping[str, Any], host: str) -> SharedGroup:
    name, members = table.get("name"), table.get("members")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("groups: each has a name")
    if unknown := table.keys() - {"name", "members"}:
        raise ValueError(f'groups: {name}: no "{min(unknown)}" is known; there are name, members')
    if not isinstance(members, list | tuple):
        raise ValueError(f"groups: {name}: members must be a list")
    found = [_member(one, host, name) for one in members]
    return SharedGroup(name, {one.jid: one for one in found})


def _member(one: object, host: str, group: str) -> GroupMember:
    named: Mapping[str, Any] = {"jid": one} if isinstance(one, str) else one if isinstance(one, Mapping) else {}
    text, shown = named.get("jid"), named.get("name", "")
    if not isinstance(text, str) or not isinstance(shown, str) or named.keys() - {"jid", "name"}:
        raise ValueError(f'groups: {group}: a member is "NAME", or {{ jid = "NAME", name = "…" }}')
    try:
        jid = JID.parse(text if "@" in text else f"{text}@{host}")
    except JidError as error:
        raise ValueError(f"groups: {group}: {text}: {error}") from None
    if not jid.local or jid.resource:
        raise ValueError(f"groups: {group}: {text} is no account")
    return GroupMember(jid.bare, shown)


def mates(groups: Iterable[SharedGroup], who: str) -> dict[str, GroupMember]:
    """Who shares a group with a bare JID, by their JIDs; never itself."""
    found: dict[str, GroupMember] = {}
    for group in groups:
        if who in group.members:
            found |= {jid: one if one.name else found.get(jid, one) for jid, one in group.members.items()}
    found.pop(who, None)
    return found


def groups_of(groups: Iterable[SharedGroup], who: str, other: str) -> tuple[str, ...]:
    """The names of the groups in which both are; none for oneself."""
    if who == other:
        return ()
    return tuple([group.name for group in groups if who in group.members and other in group.members])
