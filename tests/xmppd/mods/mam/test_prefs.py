"""test_prefs — what an owner wants kept."""

from __future__ import annotations

import pytest

from xmpp_core import ns, parser
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd.mods.mam import prefs
from xmppd.mods.mam.prefs import Wishes


def read(inside: str, default: str = "always") -> Wishes:
    return prefs.parse(parser.parse_written(f"<prefs xmlns='{ns.MAM}' default='{default}'>{inside}</prefs>"))


def jids(*which: str) -> str:
    return "".join([f"<jid>{jid}</jid>" for jid in which])


@pytest.mark.parametrize(
    ("peer", "wanted"),
    [
        ("romeo@montague.lit", True),
        ("romeo@montague.lit/orchard", True),
        ("tybalt@capulet.lit/street", False),
        ("nurse@capulet.lit/kitchen", False),
        ("nurse@capulet.lit/garden", None),
        ("nurse@capulet.lit", None),
        ("stranger@elsewhere", None),
    ],
)
def test_an_entry_without_a_resource_stands_for_all(peer: str, wanted: bool | None) -> None:
    """XEP-0441 §2.3."""
    always = jids("romeo@montague.lit")
    never = jids("Tybalt@Capulet.lit", "nurse@capulet.lit/kitchen")
    wishes = read(f"<always>{always}</always><never>{never}</never>", "roster")
    assert wishes.wants(JID.parse(peer)) is wanted


def test_the_default_is_for_the_others() -> None:
    assert Wishes("always").wants(JID.parse("a@b")) is True
    assert Wishes("never").wants(JID.parse("a@b")) is False
    assert Wishes("never", never=frozenset({"a@b"}), always=frozenset({"a@b"})).wants(JID.parse("a@b")) is False


def test_both_lists_are_told_even_if_they_are_empty() -> None:
    assert Wishes("roster").to_element().to_xml() == (
        "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always/><never/></prefs>"
    )
    wishes = Wishes("never", frozenset({"b@c", "a@b/x"}), frozenset({"d@e"}))
    assert prefs.parse(wishes.to_element()) == wishes


@pytest.mark.parametrize(
    ("inside", "default", "condition"),
    [
        ("", "sometimes", "bad-request"),
        ("", "", "bad-request"),
        (f"<never>{jids('@')}</never>", "always", "jid-malformed"),
        (f"<never>{jids(*[f'{n}@x' for n in range(prefs.MOST + 1)])}</never>", "always", "policy-violation"),
    ],
)
def test_what_is_refused(inside: str, default: str, condition: str) -> None:
    with pytest.raises(StanzaError) as refused:
        read(inside, default)
    assert refused.value.condition == condition
