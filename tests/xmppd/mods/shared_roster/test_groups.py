"""test_groups — who is in a group with whom.

Way:  xmppd.mods.shared_roster.groups
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.mods.shared_roster.groups import MOST_GROUPS, GroupTables, groups_of, mates, parsed

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
TABLES = st.lists(st.lists(NAMES, max_size=5), max_size=4)


def made(members: list[list[str]]) -> list[dict[str, object]]:
    return [{"name": str(number), "members": names} for number, names in enumerate(members)]


@given(TABLES, NAMES, NAMES)
def test_to_share_a_group_is_mutual_and_never_with_oneself(members: list[list[str]], one: str, other: str) -> None:
    groups, one, other = parsed(made(members), "h"), f"{one}@h", f"{other}@h"
    assert (other in mates(groups, one)) == (one in mates(groups, other)) == bool(groups_of(groups, one, other))
    assert one not in mates(groups, one)


def test_names_are_those_that_any_group_gives() -> None:
    groups = parsed(
        [{"name": "1", "members": ["a", {"jid": "b", "name": "Bee"}]}, {"name": "2", "members": ["a", "b"]}], "h"
    )
    assert mates(groups, "a@h")["b@h"].name == "Bee"
    assert groups_of(groups, "a@h", "b@h") == ("1", "2")


def test_bare_names_are_of_the_host_that_asks() -> None:
    tables = GroupTables(({"name": "x", "members": ["a", "b@other"]},))
    assert set(tables.of("h")[0].members) == {"a@h", "b@other"}
    assert set(tables.of("g")[0].members) == {"a@g", "b@other"}
    assert tables.of("h") is tables.of("h")


def test_so_many_and_of_different_names() -> None:
    with pytest.raises(ValueError, match="one name"):
        parsed([{"name": "x", "members": []}] * 2, "h")
    with pytest.raises(ValueError, match="more than"):
        parsed([{"name": str(n), "members": []} for n in range(MOST_GROUPS + 1)], "h")
