"""element — an XML element as a value, and how it is written.

Attribute keys are "to", "xml:lang" (and any "xml:…"), or "{namespace}name". Children are elements
and strings. An element may be changed by the code that made it; once it has been routed it is frozen.

RFC:  6120 §4.8 (namespaces of a stream), §11; Namespaces in XML 1.0
"""

from collections.abc import Iterator, Mapping, Sequence
from sys import getsizeof
from typing import Any

from xmpp_core import escape, ns

MAX_DEPTH = 128  # no tree deeper than this is written or read from the wire; the parser allows 64
_BARE = 200  # bytes of memory that an element takes beside its text: itself, its attributes, its list of children

# the commonest attribute names, all without a namespace: one look at them all instead of one each
_COMMON = (
    "to from type id jid name subscription ask ver node hash var stamp category label value "
    "affiliation role nick code by max mechanism h resume location"
)
PLAIN = frozenset(_COMMON.split())

Wire = tuple[Any, ...]


#: attributes whose values a repr shows, and how many names of children
_SHOWN = ("type", "from", "to")
_MOST_SHOWN = 8


class DepthError(ValueError):
    """A tree deeper than MAX_DEPTH."""


class Element:
    """One element: namespace, local name, attributes, children.

    >>> Element("jabber:client", "body", {}, ["a < b"]).to_xml()
    '<body>a &lt; b</body>'
    """

    __slots__ = ("attrs", "children", "name", "ns")

    def __init__(
        self,
        ns: str,
        name: str,
        attrs: dict[str, str] | None = None,
        children: "list[Element | str] | None" = None,
    ) -> None:
        self.ns = ns
        self.name = name
        self.attrs: dict[str, str] = {} if attrs is None else attrs
        self.children: list[Element | str] = [] if children is None else children

    def get(self, attr: str, default: str | None = None) -> str | None:
        """The value of an attribute, or `default`."""
        return self.attrs.get(attr, default)

    def child(self, name: str, ns: str | None = None) -> "Element | None":
        """The first child element of that name; `ns` None means this element's own namespace."""
        space = self.ns if ns is None else ns
        for node in self.children:
            if node.__class__ is not str and node.name == name and node.ns == space:  # type: ignore[union-attr]
                return node  # type: ignore[return-value]
        return None

    def elements(self, name: str | None = None, ns: str | None = None) -> "Iterator[Element]":
        """The child elements, in order; only those of that name and namespace where given."""
        for node in self.children:
            if isinstance(node, str) or (name is not None and node.name != name):
                continue
            if ns is None or node.ns == ns:
                yield node

    def first(self) -> "Element | None":
        """The first child element, of whatever name."""
        return next(self.elements(), None)

    def text(self) -> str:
        """The text directly in this element (not in its children)."""
        return "".join([node for node in self.children if isinstance(node, str)])

    def child_text(self, name: str, ns: str | None = None) -> str | None:
        """The text of a child, None if there is no such child."""
        node = self.child(name, ns)
        return None if node is None else node.text()

    def with_attrs(self, attrs: Mapping[str, str | None] | None = None, /, **more: str | None) -> "Element":
        """A copy with attributes set, or taken away where the value is None; children are shared."""
        merged: dict[str, Any] = {**self.attrs, **(attrs or {}), **more}
        kept = {key: value for key, value in merged.items() if value is not None}
        return Element(self.ns, self.name, kept, self.children)

    def with_children(self, *children: "Element | str") -> "Element":
        """A copy with other children; attributes are shared."""
        return Element(self.ns, self.name, self.attrs, list(children))

    def add(self, *children: "Element | str") -> "Element":
        """Appends children, in place; returns the element itself. Only for the code that made it."""
        self.children.extend(children)
        return self

    def weight(self) -> int:
        """What it takes with all that is in it, in memory or when it is written, roughly, in bytes.

        A namespace counts wherever it is written again, though in memory there may be one copy of it.
        """
        total, todo = len(self.ns), [self]
        while todo:
            node = todo.pop()
            total += _BARE
            for key, value in node.attrs.items():
                total += getsizeof(value) if key in PLAIN else getsizeof(value) + len(key)
            for child in node.children:
                if isinstance(child, str):
                    total += getsizeof(child)
                else:
                    if child.ns != node.ns:
                        total += len(child.ns)
                    todo.append(child)
        return total

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """Written as it stands in a stream whose stanzas are in `default_ns`.

        Content namespaces stay implicit, so a jabber:client stanza is right on a client, a server
        and a component stream alike. With "" the text stands alone (for the store). Elements of
        the stream namespace are written with the prefix `stream`. Raises DepthError.
        """
        out: list[str] = []
        _write(self, default_ns, out, MAX_DEPTH)
        return "".join(out)

    def to_wire(self) -> Wire:
        """As nested tuples (ns, name, attrs, children) for the codec between nodes. Raises DepthError."""
        return _to_wire(self, MAX_DEPTH)

    @staticmethod
    def from_wire(wire: Sequence[Any]) -> "Element":
        """The inverse of `to_wire`; lists do as well as tuples. Raises DepthError, ValueError."""
        return _from_wire(wire, MAX_DEPTH)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Element):
            return NotImplemented
        return (
            self.name == other.name
            and self.ns == other.ns
            and self.attrs == other.attrs
            and self.children == other.children
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Names only, for it stands in crash reports: what people say is nobody's business there."""
        known = "".join([f" {key}={self.attrs[key]!r}" for key in _SHOWN if key in self.attrs])
        inside = [child.name for child in self.elements()]
        more = f", … {len(inside) - _MOST_SHOWN} more" if len(inside) > _MOST_SHOWN else ""
        return f"<{self.name}{known}: {', '.join(inside[:_MOST_SHOWN])}{more}>"


def el(name: str, ns: str, attrs: Mapping[str, str | None] | None = None, *children: "Element | str | None") -> Element:
    """Builds an element; attributes and children that are None are left out.

    >>> el("query", "jabber:iq:roster", {"ver": None}, el("item", "jabber:iq:roster")).to_xml()
    "<query xmlns='jabber:iq:roster'><item/></query>"
    """
    kept = {key: value for key, value in (attrs or {}).items() if value is not None}
    return Element(ns, name, kept, [child for child in children if child is not None])


def _write(node: Element, inherited: str, out: list[str], room: int) -> None:
    """Appends the text of `node`; `inherited` is the default namespace around it."""
    if room == 0:
        raise DepthError(f"deeper than {MAX_DEPTH}")
    space, name = node.ns, node.name
    if space == inherited:
        head = f"<{name}"
    elif space == ns.XML:  # may not be declared, only used
        name, space = f"xml:{name}", inherited
        head = f"<{name}"
    elif space == ns.STREAM:
        name, space = f"stream:{name}", inherited
        head = f"<{name}" if inherited else f"<{name} xmlns:stream='{ns.STREAM}'"
    else:
        head = f"<{name} xmlns='{escape.attr(space)}'"
    if node.attrs:
        head += _attrs(node.attrs, head)
    children = node.children
    if not children:
        out.append(head + "/>")
        return
    if len(children) == 1 and children[0].__class__ is str:
        out.append(f"{head}>{escape.text(children[0])}</{name}>")
        return
    out.append(head + ">")
    for child in children:
        if child.__class__ is str:
            out.append(escape.text(child))
        else:
            _write(child, space, out, room - 1)  # type: ignore[arg-type]
    out.append(f"</{name}>")


def _attrs(attrs: dict[str, str], head: str) -> str:
    """All attributes; `head` is what stands before them in the start tag."""
    text = ""
    if PLAIN.issuperset(attrs) and escape.is_plain("".join(attrs.values())):
        for key, value in attrs.items():
            text += f" {key}='{value}'"
        return text
    for key, value in attrs.items():
        if key[0] == "{":
            text += _foreign(key, value, head + text)
        else:
            text += f" {key}='{escape.attr(value)}'"
    return text


def _foreign(key: str, value: str, head: str) -> str:
    """An attribute of another namespace, with a prefix that `head` does not use yet."""
    space, _, name = key[1:].rpartition("}")
    if space == ns.XML:
        return f" xml:{name}='{escape.attr(value)}'"
    number = head.count(" xmlns:ns")
    return f" xmlns:ns{number}='{escape.attr(space)}' ns{number}:{name}='{escape.attr(value)}'"


def _to_wire(node: Element, room: int) -> Wire:
    if room == 0:
        raise DepthError(f"deeper than {MAX_DEPTH}")
    children = tuple([c if isinstance(c, str) else _to_wire(c, room - 1) for c in node.children])
    return (node.ns, node.name, node.attrs, children)


def _from_wire(wire: Sequence[Any], room: int) -> Element:
    if room == 0:
        raise DepthError(f"deeper than {MAX_DEPTH}")
    space, name, attrs, children = wire
    kids = [c if isinstance(c, str) else _from_wire(c, room - 1) for c in children]
    return Element(space, name, dict(attrs), kids)
