"""blocklist — what an entry of a block list covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.blocklist import is_blocked, touched
from xmpp_core.jid import JID

JIDS = ["a@x/r", "a@x", "x/r", "x", "b@x/r", "b@x", "a@y/r", "y"]


@pytest.mark.parametrize(
    ("entry", "covers"),
    [
        ("a@x/r", ["a@x/r"]),
        ("a@x", ["a@x/r", "a@x"]),
        ("x/r", ["a@x/r", "x/r", "b@x/r"]),
        ("x", ["a@x/r", "a@x", "x/r", "x", "b@x/r", "b@x"]),
    ],
)
def test_what_an_entry_covers(entry: str, covers: list[str]) -> None:
    assert [jid for jid in JIDS if is_blocked({entry}, JID.parse(jid))] == covers


@given(st.sets(st.sampled_from(JIDS)), st.lists(st.sampled_from(JIDS)))
def test_a_list_covers_what_one_of_its_entries_covers(entries: set[str], names: list[str]) -> None:
    one_by_one = [name for name in names if any(is_blocked({entry}, JID.parse(name)) for entry in entries)]
    assert touched(names, entries) == one_by_one
