"""test_jid — addresses: syntax, canonical form, equality.

RFC:  7622 §3
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.jid import JID, JidError


def test_parts_and_forms() -> None:
    jid = JID.parse("Juliet@Example.COM/Balcony/x@y")
    assert (jid.local, jid.domain, jid.resource) == ("juliet", "example.com", "Balcony/x@y")
    assert (jid.bare, jid.full, str(jid)) == ("juliet@example.com", "juliet@example.com/Balcony/x@y", jid.full)
    assert jid.bare_jid() == JID("juliet", "example.com")
    assert jid.bare_jid() is jid.bare_jid()
    assert jid.domain_jid().full == "example.com"
    assert jid.with_resource("Orchard").full == "juliet@example.com/Orchard"
    assert (jid.is_bare, jid.bare_jid().is_bare) == (False, True)


def test_a_domain_may_stand_alone() -> None:
    jid = JID.parse("example.com./r")
    assert (jid.local, jid.full) == ("", "example.com/r")
    assert jid.domain_jid().domain_jid() is jid.domain_jid()


def test_equal_addresses_are_equal_values() -> None:
    one, other = JID.parse("A@b"), JID("a", "B")
    assert one == other
    assert len({one, other}) == 1
    assert one != JID.parse("a@b/c")
    assert one != "a@b"
    assert JID.parse("a@b") < JID.parse("b@b")


def test_frozen_and_crossing_nodes() -> None:
    jid = JID.parse("a@b/c")
    with pytest.raises(AttributeError):
        jid.local = "x"
    assert JID.from_wire(jid.to_wire()) == jid


@pytest.mark.parametrize(
    "text",
    [
        *["", "@", "@a", "a@", "/", "a/", "a@b/", "a@b@c", "a b@c", "a&b@c", "a\u00a0b@c", "a@-b", "a@b..c", "a@b c"],
        *["a@b/\0", "a@b/\u0007é", "a@\ud800", "\ud800@b", "a@b/\ud800", "a@" + "x" * 64, "a" * 1024 + "@b"],
        *["a@b/" + "c" * 1024, "é" * 512 + "@b", "a@b/" + "é" * 512, "a@[::g]", "x" * 5000, "א1a@b"],
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(JidError):
        JID.parse(text)


def test_the_longest_parts() -> None:
    domain = ".".join(["x" * 49] * 5)
    jid = JID.parse("a" * 1023 + "@" + domain + "/" + "c" * 1023)
    assert len(jid.full) == 1023 + 1 + len(domain) + 1 + 1023


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_jid_error(text: str) -> None:
    try:
        jid = JID.parse(text)
    except JidError:
        return
    assert JID.parse(jid.full) == jid
    assert all(len(part.encode()) <= 1023 for part in (jid.local, jid.domain, jid.resource))
    assert JID(jid.local, jid.domain, jid.resource) == jid


_plain = st.text("abcXYZ019._-~éßıאﬁ", min_size=1, max_size=6)


@given(_plain, st.sampled_from(["example.com", "ÉX.org", "[::1]", "10.0.0.1"]), st.text(max_size=8))
def test_building_and_parsing_agree(local: str, domain: str, resource: str) -> None:
    try:
        jid = JID(local, domain, resource)
    except JidError:
        return
    assert JID.parse(jid.full) == jid
    assert hash(JID.parse(jid.full)) == hash(jid)
    assert not set(jid.local) & set("\"&'/:<>@ ")
