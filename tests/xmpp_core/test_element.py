"""test_element — the XML tree as a value, and how it is written.

RFC:  6120 §4.8, §11
"""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import MAX_DEPTH, DepthError, Element, el
from xmpp_core.parser import parse_document


def nested(depth: int) -> Element:
    node = el("a", "u")
    for _ in range(depth - 1):
        node = el("a", "u", None, node)
    return node


def test_reading() -> None:
    tree = el("iq", ns.CLIENT, {"id": "1", "to": None}, "x", el("q", "urn:q"), None, el("q", ns.CLIENT, None, "y"), "z")
    assert (tree.get("id"), tree.get("to"), tree.get("to", "?")) == ("1", None, "?")
    assert tree.child("q") == el("q", ns.CLIENT, None, "y")
    assert tree.child("q", "urn:q") is tree.first()
    assert tree.child("q", "urn:r") is None
    assert (tree.text(), tree.child_text("q"), tree.child_text("p")) == ("xz", "y", None)
    assert [e.ns for e in tree.elements()] == ["urn:q", ns.CLIENT]
    assert [e.ns for e in tree.elements("q", "urn:q")] == ["urn:q"]
    assert list(tree.elements("p")) == []
    assert el("a", "").first() is None


def test_copies_leave_the_original_alone() -> None:
    tree = el("a", "u", {"b": "1", "c": "2"}, "x")
    assert tree.with_attrs({"xml:lang": "de"}, b=None, c="3").attrs == {"c": "3", "xml:lang": "de"}
    assert tree.with_children("y", el("z", "u")).to_xml("u") == "<a b='1' c='2'>y<z/></a>"
    assert tree.to_xml("u") == "<a b='1' c='2'>x</a>"
    assert el("a", "u").add("x", "y") == el("a", "u", None, "x", "y")
    assert copy.deepcopy(tree) == tree


def test_equality() -> None:
    assert el("a", "u", {"b": "1"}) == el("a", "u", {"b": "1"})
    for other in (el("a", "v", {"b": "1"}), el("x", "u", {"b": "1"}), el("a", "u"), el("a", "u", {"b": "1"}, "t"), "a"):
        assert el("a", "u", {"b": "1"}) != other


def test_namespaces_are_declared_where_they_change() -> None:
    message = el(
        "message", ns.CLIENT, None, el("x", "urn:x", None, el("y", "urn:x"), el("body", ns.CLIENT)), el("n", "")
    )
    assert message.to_xml() == (
        "<message><x xmlns='urn:x'><y/><body xmlns='jabber:client'/></x><n xmlns=''/></message>"
    )
    assert message.to_xml("").startswith("<message xmlns='jabber:client'><x ")
    assert parse_document(message.to_xml("")) == message


def test_stream_elements_bear_the_prefix() -> None:
    features = el("features", ns.STREAM, None, el("bind", ns.BIND))
    assert features.to_xml() == f"<stream:features><bind xmlns='{ns.BIND}'/></stream:features>"
    assert features.to_xml("").startswith(f"<stream:features xmlns:stream='{ns.STREAM}'><bind ")
    assert parse_document(features.to_xml("")) == features


def test_attributes_of_other_namespaces_get_prefixes() -> None:
    attrs = {
        "a": " xmlns:ns0='",
        "{urn:x}a": "1",
        "{urn:'&}b": "2",
        "{" + ns.XML + "}space": "preserve",
        "xml:lang": "de",
    }
    tree = el("m", "u", attrs)
    back = parse_document(tree.to_xml(""))
    assert back.attrs.pop("xml:space") == attrs.pop("{" + ns.XML + "}space")
    assert back.attrs == attrs


def test_values_are_escaped() -> None:
    tree = el("m", "u'<", {"to": "'\"<&>\n", "odd": "'\"<&>\t"}, "<&>\r", el("b", "u'<", None, "]]>"))
    assert parse_document(tree.to_xml("")) == tree
    assert "\r" not in tree.to_xml()
    assert el("m", "", {"to": "\0a"}, "\ufffeb").to_xml("") == "<m to='a'>b</m>"


def test_trees_too_deep_are_refused_not_recursed_into() -> None:
    deep = nested(MAX_DEPTH)
    assert Element.from_wire(deep.to_wire()) == deep
    assert deep.to_xml("u").count("<a") == MAX_DEPTH
    wire: tuple[object, ...] = ("u", "a", {}, (deep.to_wire(),))
    for act in (nested(MAX_DEPTH + 1).to_xml, nested(100_000).to_wire, lambda: Element.from_wire(wire)):
        with pytest.raises(DepthError):
            act()
    assert repr(nested(MAX_DEPTH + 1)) == "<a: a>"


_trees = st.recursive(
    st.builds(Element, st.sampled_from(["u", "v"]), st.just("n"), st.dictionaries(st.just("k"), st.text())),
    lambda inner: st.builds(Element, st.just("u"), st.just("m"), st.just({}), st.lists(inner | st.text(), max_size=3)),
    max_leaves=6,
)


@given(_trees)
def test_wire_tuples_carry_everything_even_as_lists(tree: Element) -> None:
    assert Element.from_wire(tree.to_wire()) == tree
    assert Element.from_wire(json.loads(json.dumps(tree.to_wire()))) == tree


def test_text_attributes_and_elements_all_weigh() -> None:
    plain = Element("jabber:client", "message").weight()
    assert Element("jabber:client", "message", {}, ["x" * 1000]).weight() > plain + 1000
    assert Element("jabber:client", "message", {"id": "x" * 1000}).weight() > plain + 1000
    many = [Element("jabber:client", "a")] * 100
    assert Element("jabber:client", "message", {}, many).weight() > 90 * plain
    assert Element("jabber:client", "message", {}, [Element("u" * 1000, "a")] * 100).weight() > 100 * 1000
    assert Element("jabber:client", "message", {"{" + "u" * 1000 + "}a": ""}).weight() > plain + 1000
