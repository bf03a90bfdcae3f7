"""test_rules — whom a host talks to.

Way:  xmppd.mods.service_lists.rules
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.jid import JID
from xmppd.mods.service_lists.rules import MOST, NONE, ServiceLists, parsed, refuses

JIDS = st.sampled_from(["a@x.example/r", "a@x.example", "x.example", "x.example/r", "b@y.example", "y.example"])


@given(JIDS, st.booleans())
def test_without_lists_everybody_is_heard(jid: str, elsewhere: bool) -> None:
    assert not refuses(NONE, JID.parse(jid), elsewhere)


@given(st.frozensets(JIDS), st.frozensets(JIDS), JIDS)
def test_who_is_blocked_is_kept_out_be_it_allowed_or_not(
    blocked: frozenset[str], allowed: frozenset[str], jid: str
) -> None:
    lists = ServiceLists(blocked | {jid}, allowed | {jid})
    assert refuses(lists, JID.parse(jid), True)
    assert refuses(lists, JID.parse(jid), False)


@given(st.frozensets(JIDS, min_size=1), JIDS)
def test_who_alone_is_allowed(allowed: frozenset[str], jid: str) -> None:
    other = JID.parse(jid)
    meant = {other.full, other.bare, other.domain, f"{other.domain}/{other.resource}"}
    assert refuses(ServiceLists(allowed=allowed), other, True) == (not meant & allowed)
    assert not refuses(ServiceLists(allowed=allowed), other, False), "accounts of ours talk to each other"


def test_addresses_are_compared_as_they_are_meant() -> None:
    assert parsed([" A@X.Example ", "a@x.example", "b\u00fccher.example"]) == ["a@x.example", "b\u00fccher.example"]
    with pytest.raises(ValueError, match="no address"):
        parsed(["a@b@c"])
    with pytest.raises(ValueError, match="more than"):
        parsed([f"{n}.example" for n in range(MOST + 1)])
