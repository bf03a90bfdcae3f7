"""Hashes of capabilities: the XEPs' own examples, and what must not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import caps, ns, parser
from xmpp_core.caps import CapsClaim, IllFormed, claim_of, is_right, notify_nodes
from xmpp_core.element import Element, el

SIMPLE = """<query xmlns='http://jabber.org/protocol/disco#info'>
<identity category='client' name='Exodus 0.9.1' type='pc'/>
<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/disco#items'/>
<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/></query>"""
FORM = """<x xmlns='jabber:x:data' type='result'>
<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>
<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>
<field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field></x>"""
COMPLEX = f"""<query xmlns='http://jabber.org/protocol/disco#info'>
<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
<identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>
<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>{FORM}</query>"""
SIMPLE_VER, COMPLEX_VER = "QgayPKawpkPSDYmwT/WM94uAlu0=", "q07IKJEyjvHSyhy//CH0CxmKi8w="

BOMBUS = """<query xmlns='http://jabber.org/protocol/disco#info'>
  <identity category='client' name='BombusMod' type='mobile'/>
  <feature var='http://jabber.org/protocol/si'/>
  <feature var='http://jabber.org/protocol/bytestreams'/>
  <feature var='http://jabber.org/protocol/chatstates'/>
  <feature var='http://jabber.org/protocol/disco#info'/>
  <feature var='http://jabber.org/protocol/disco#items'/>
  <feature var='urn:xmpp:ping'/>
  <feature var='jabber:iq:time'/>
  <feature var='jabber:iq:privacy'/>
  <feature var='jabber:iq:version'/>
  <feature var='http://jabber.org/protocol/rosterx'/>
  <feature var='urn:xmpp:time'/>
  <feature var='jabber:x:oob'/>
  <feature var='http://jabber.org/protocol/ibb'/>
  <feature var='http://jabber.org/protocol/si/profile/file-transfer'/>
  <feature var='urn:xmpp:receipts'/>
  <feature var='jabber:iq:roster'/>
  <feature var='jabber:iq:last'/>
</query>"""


def read(text: str) -> Element:
    return parser.parse_document(text)


def claim(value: str, algo: str = "sha-1", kind: str = "1") -> CapsClaim:
    return CapsClaim(kind, algo, value, "n")


def test_the_examples_of_the_xep() -> None:
    assert caps.ver(read(SIMPLE)) == SIMPLE_VER
    assert caps.ver(read(COMPLEX)) == COMPLEX_VER
    assert is_right(claim(COMPLEX_VER), read(COMPLEX))
    assert not is_right(claim(SIMPLE_VER), read(COMPLEX))


ILL = {
    "an identity twice": SIMPLE.replace(
        "<feature", "<identity category='client' name='Exodus 0.9.1' type='pc'/><feature", 1
    ),
    "a feature twice": SIMPLE.replace("</query>", "<feature var='http://jabber.org/protocol/muc'/></query>"),
    "a form twice": COMPLEX.replace(FORM, FORM + FORM),
    "two types of a form": COMPLEX.replace("softwareinfo</value>", "softwareinfo</value><value>b</value>"),
    "< in a feature": SIMPLE.replace("protocol/muc", "protocol/muc&lt;x"),
    "< in a name": SIMPLE.replace("Exodus", "Exo&lt;dus"),
    "< in a value": COMPLEX.replace(">Mac<", ">Mac&lt;x<"),
    "/ in a type": SIMPLE.replace("type='pc'", "type='pc/'"),
    "/ in a category": SIMPLE.replace("category='client'", "category='client/pc'"),
}


@pytest.mark.parametrize("text", ILL.values(), ids=list(ILL))
def test_what_is_ill_formed_is_never_right(text: str) -> None:
    with pytest.raises(IllFormed):
        caps.ver(read(text))
    assert not is_right(claim(SIMPLE_VER), read(text))


def test_two_features_are_not_one_of_the_same_octets() -> None:
    """The attack of 0115 §9.1: what is hashed is the same text."""
    honest = el("query", ns.DISCO_INFO, None, *[el("feature", ns.DISCO_INFO, {"var": v}) for v in ("a", "b")])
    forged = el("query", ns.DISCO_INFO, None, el("feature", ns.DISCO_INFO, {"var": "a<b"}))
    identity = el("query", ns.DISCO_INFO, None, el("identity", ns.DISCO_INFO, {"category": "a<b", "type": ""}))
    assert is_right(claim(caps.ver(honest)), honest)
    assert not is_right(claim(caps.ver(honest)), forged)
    assert not is_right(claim(caps.ver(honest)), identity)


@pytest.mark.parametrize("gone", [" type='hidden'", "<field var='FORM_TYPE' type='hidden'>"])
def test_a_form_without_a_hidden_type_is_passed_over(gone: str) -> None:
    text = COMPLEX.replace(gone, "" if gone.startswith(" ") else "<field var='other'>")
    without = COMPLEX.replace(FORM, "")
    assert caps.ver(read(text)) == caps.ver(read(without))


@given(st.permutations(["a", "b", "\u00e9", "z+notify", "\U0001f600", "Z"]))
def test_the_order_does_not_matter_and_octets_sort(names: list[str]) -> None:
    query = el("query", ns.DISCO_INFO, None, *[el("feature", ns.DISCO_INFO, {"var": name}) for name in names])
    same = el("query", ns.DISCO_INFO, None, *[el("feature", ns.DISCO_INFO, {"var": n}) for n in sorted(names)])
    assert caps.ver(query) == caps.ver(same)
    assert caps.ver_2(query, "sha-256") == caps.ver_2(same, "sha-256")


def test_the_example_of_the_newer_kind() -> None:
    lines = "".join(line.strip() for line in BOMBUS.splitlines())
    assert caps.ver_2(read(lines), "sha-256") == "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="
    assert caps.ver_2(read(lines), "sha3-256") == "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="


def presence(c: str) -> Element:
    return read(f"<presence xmlns='jabber:client'>{c}</presence>")


def test_what_is_a_claim() -> None:
    c = "<c xmlns='http://jabber.org/protocol/caps' {} />"
    good = f"hash='sha-1' node='http://x' ver='{SIMPLE_VER}'"
    found = claim_of(presence(c.format(good)))
    assert found == CapsClaim("1", "sha-1", SIMPLE_VER, f"http://x#{SIMPLE_VER}")
    other = claim_of(presence(c.format(good.replace("http://x", "http://y"))))
    assert other is not None
    assert found is not None
    assert other.key == found.key
    for bad in (
        good.replace("hash='sha-1' ", ""),
        good.replace("sha-1", "md5"),
        good.replace(SIMPLE_VER, "not base64!"),
        good.replace(SIMPLE_VER, "A" * 400),
        good.replace("http://x", ""),
        good.replace("http://x", "x" * 600),
    ):
        assert claim_of(presence(c.format(bad))) is None
    assert claim_of(presence("")) is None


def test_the_newer_kind_is_preferred_and_strong() -> None:
    old = f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='{SIMPLE_VER}'/>"
    value = caps.ver_2(read(SIMPLE.replace("\n", "")), "sha-256")
    new = "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='{}'>{}</hash></c>"
    found = claim_of(presence(old + new.format("sha-256", value)))
    assert found == CapsClaim("2", "sha-256", value, f"urn:xmpp:caps#sha-256.{value}")
    weak = claim_of(presence(old + new.format("sha-1", SIMPLE_VER)))
    assert weak is not None
    assert weak.kind == "1"


def test_the_newer_hash_covers_everything_or_is_none() -> None:
    query = read(COMPLEX.replace("\n", ""))
    found = claim(caps.ver_2(query, "sha-256"), "sha-256", "2")
    assert is_right(found, query)
    for more in (
        "<foreign xmlns='urn:x'/>",
        "<x xmlns='jabber:x:data' type='result'><field var='a'><value>b</value></field></x>",
        FORM.replace("</x>", "<item/></x>"),
        FORM.replace("<field", "<reported><field var='a'/></reported><field", 1),
    ):
        with pytest.raises(IllFormed):
            caps.ver_2(read(COMPLEX.replace("</query>", more + "</query>")), "sha-256")


def test_only_what_is_asked_for_is_kept() -> None:
    names = ["a+notify", "b", "+notify", "a+notify"]
    query = el("query", ns.DISCO_INFO, None, *[el("feature", ns.DISCO_INFO, {"var": name}) for name in names])
    assert notify_nodes(query) == ("", "a")
