"""stanza — message, presence and iq: an element with its addresses parsed.

Way:  c2s → [stanza] → hooks → router → … ; the value that travels
RFC:  6120 §8 (common attributes, kinds, errors); 6121 §4, §5
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError

MESSAGE_TYPES = frozenset({"chat", "error", "groupchat", "headline", "normal"})
_PRIORITY = re.compile(r"[+-]?[0-9]{1,3}")
PRESENCE_TYPES = frozenset(
    {"", "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed"}
)
SHOWS = frozenset({"away", "chat", "dnd", "xa"})
IQ_TYPES = frozenset({"get", "set", "result", "error"})

#: what an original may weigh that is echoed in its error
ECHO_MOST = 2048


class Stanza:
    """One stanza. `el` is frozen once it is routed; `from_` and `to` agree with its attributes."""

    __slots__ = ("el", "from_", "to")

    kind: ClassVar[str] = ""

    def __init__(self, el: Element, from_: JID | None = None, to: JID | None = None) -> None:
        self.el = el
        self.from_ = from_
        self.to = to

    @property
    def type(self) -> str:
        """The `type` attribute; "" when absent."""
        return self.el.attrs.get("type", "")

    @property
    def id(self) -> str | None:
        """The `id` attribute."""
        return self.el.attrs.get("id")

    @property
    def is_error(self) -> bool:
        """True for type error, which is never answered (RFC 6120 §8.3.1)."""
        return self.el.attrs.get("type") == "error"

    def weight(self) -> int:
        """What it takes, roughly, in bytes; see `Element.weight`."""
        return self.el.weight()

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """As it goes to the stream; see `Element.to_xml`."""
        return self.el.to_xml(default_ns)

    def addressed(self, from_: JID | None = None, to: JID | None = None) -> Self:
        """A copy with other addresses; None keeps what is there. Children are shared."""
        attrs = dict(self.el.attrs)
        if from_ is not None:
            attrs["from"] = from_.full
        if to is not None:
            attrs["to"] = to.full
        el = Element(self.el.ns, self.el.name, attrs, self.el.children)
        return self.__class__(el, from_ or self.from_, to or self.to)

    def with_el(self, el: Element) -> Self:
        """The same addresses around another element."""
        return self.__class__(el, self.from_, self.to)

    def error(self, error: StanzaError, by: str = "") -> Self:
        """The reply of type error, addresses swapped, the original's children echoed before it if they are small: what
        is refused by the thousand must not fill the way back.

        Raises ValueError for a stanza of type error or an iq of type result. RFC: 6120 §8.3.1 (it MAY be echoed)
        """
        if self.type == "error" or (self.kind == "iq" and self.type == "result"):
            raise ValueError("an error is never answered with an error")
        echo = self.el.children if self.weight() <= ECHO_MOST else ()
        return self._reply("error", [*echo, error.to_element(by)])

    def stanza_error(self) -> StanzaError:
        """The error that a stanza of type error carries."""
        return StanzaError.from_element(self.el)

    def to_wire(self) -> tuple[Any, ...]:
        """As nested tuples, for the codec between nodes."""
        return self.el.to_wire()

    @staticmethod
    def from_wire(wire: Sequence[Any]) -> "Stanza":
        """The inverse of `to_wire`."""
        return from_element(Element.from_wire(wire))

    def _reply(self, type_: str, children: list[Element | str]) -> Self:
        attrs = {"type": type_}
        if self.id is not None:
            attrs["id"] = self.id
        if self.to is not None:
            attrs["from"] = self.to.full
        if self.from_ is not None:
            attrs["to"] = self.from_.full
        return self.__class__(Element(self.el.ns, self.el.name, attrs, children), self.to, self.from_)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stanza) and self.el == other.el

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.el!r})"


class Message(Stanza):
    """<message/>; an unknown or missing type counts as normal. RFC: 6121 §5.2.2"""

    __slots__ = ()
    kind = "message"

    @property
    def type(self) -> str:
        """chat, error, groupchat, headline or normal."""
        type_ = self.el.attrs.get("type", "normal")
        return type_ if type_ in MESSAGE_TYPES else "normal"

    @property
    def body(self) -> str | None:
        """The text of the first <body/>."""
        return self.el.child_text("body")


class Presence(Stanza):
    """<presence/>; type "" is available."""

    __slots__ = ()
    kind = "presence"

    @property
    def show(self) -> str:
        """away, chat, dnd, xa, or "" for plainly available."""
        return (self.el.child_text("show") or "").strip()

    @property
    def status(self) -> str | None:
        """The text of the first <status/>."""
        return self.el.child_text("status")

    @property
    def priority(self) -> int:
        """-128 … 127; 0 when missing. Raises StanzaError bad-request. RFC: 6121 §4.7.2.3"""
        text = (self.el.child_text("priority") or "0").strip()
        if not _PRIORITY.fullmatch(text) or not -128 <= int(text) <= 127:
            raise StanzaError("bad-request", "priority is an integer from -128 to 127")
        return int(text)

    def check(self) -> None:
        """Raises StanzaError bad-request for a type that there is not, and for an available presence whose show or
        priority is none, or there twice. An empty <show/>, as some clients write it, says nothing and is taken out.

        RFC: 6121 §4.7.1, §4.7.2
        """
        type_ = self.el.attrs.get("type")
        if type_ is not None and (not type_ or type_ not in PRESENCE_TYPES):
            raise StanzaError("bad-request", "presence has no such type")
        if type_ is None and self.el.children:
            self._check_available()

    def _check_available(self) -> None:
        shows = [child for child in self.el.elements() if child.name == "show" and child.ns == ns.CLIENT]
        priorities = [child for child in self.el.elements() if child.name == "priority" and child.ns == ns.CLIENT]
        if len(shows) > 1 or len(priorities) > 1:
            raise StanzaError("bad-request", "presence has one show and one priority")
        if priorities:
            _ = self.priority
        if not shows:
            return
        if self.show and self.show not in SHOWS:
            raise StanzaError("bad-request", "show is one of away, chat, dnd, xa")
        if not self.show:
            self.el.children[:] = [child for child in self.el.children if child is not shows[0]]


class Iq(Stanza):
    """<iq/>: get and set ask, result and error answer. RFC: 6120 §8.2.3"""

    __slots__ = ()
    kind = "iq"

    @property
    def payload(self) -> Element | None:
        """The one child element of a get, set or result."""
        for child in self.el.children:
            if not isinstance(child, str):
                return child
        return None

    @property
    def is_request(self) -> bool:
        """True for get and set."""
        return self.el.attrs.get("type") in ("get", "set")

    def result(self, payload: Element | None = None) -> "Iq":
        """The reply of type result, addresses swapped."""
        return self._reply("result", [] if payload is None else [payload])

    def check(self) -> None:
        """Raises StanzaError bad-request unless type, id and children are as RFC 6120 §8.2.3 wants."""
        type_, children = self.type, sum(1 for _ in self.el.elements())
        if type_ not in IQ_TYPES or not self.id:
            raise StanzaError("bad-request", "an iq has an id and one of the four types")
        if (type_ in ("get", "set") and children != 1) or (type_ == "result" and children > 1):
            raise StanzaError("bad-request", "a request has exactly one child, a result at most one")


_KINDS: dict[str, type[Stanza]] = {"message": Message, "presence": Presence, "iq": Iq}


def is_stanza(el: Element) -> bool:
    """True for message, presence and iq of the content namespace."""
    return el.name in _KINDS and el.ns == ns.CLIENT


def from_element(el: Element, from_: JID | None = None, to: JID | None = None) -> Stanza:
    """The stanza in `el`, which it takes over: `from_` and `to`, where given, are stamped into it,
    and an address in another spelling than the canonical one is rewritten.

    Raises StanzaError jid-malformed for a bad address, ValueError if it is no stanza.
    """
    cls = _KINDS.get(el.name)
    if cls is None or el.ns != ns.CLIENT:
        raise ValueError(f"not a stanza: {el.name}")
    attrs = el.attrs
    return cls(el, _address(attrs, "from", from_), _address(attrs, "to", to))


def _address(attrs: dict[str, str], key: str, given: JID | None) -> JID | None:
    written = attrs.get(key)
    if given is None:
        if written is None:
            return None
        try:
            given = JID.parse(written)
        except JidError as error:
            raise StanzaError("jid-malformed", str(error)) from None
    if written != given.full:
        attrs[key] = given.full
    return given


def make_message(
    to: JID | None,
    body: str | None = None,
    *children: Element,
    type_: str = "chat",
    id_: str | None = None,
    from_: JID | None = None,
) -> Message:
    """A message; `body` is left out when None, type normal is not written."""
    text = [] if body is None else [Element(ns.CLIENT, "body", {}, [body])]
    attrs = _attrs("" if type_ == "normal" else type_, id_, from_, to)
    return Message(Element(ns.CLIENT, "message", attrs, [*text, *children]), from_, to)


def make_presence(
    to: JID | None, *children: Element, type_: str = "", id_: str | None = None, from_: JID | None = None
) -> Presence:
    """A presence; type "" is available."""
    attrs = _attrs(type_, id_, from_, to)
    return Presence(Element(ns.CLIENT, "presence", attrs, list(children)), from_, to)


def make_iq(
    type_: str, id_: str, payload: Element | None = None, *, to: JID | None = None, from_: JID | None = None
) -> Iq:
    """An iq of any of the four types."""
    content: list[Element | str] = [] if payload is None else [payload]
    return Iq(Element(ns.CLIENT, "iq", _attrs(type_, id_, from_, to), content), from_, to)


def _attrs(type_: str, id_: str | None, from_: JID | None, to: JID | None) -> dict[str, str]:
    attrs = {"type": type_} if type_ else {}
    if id_ is not None:
        attrs["id"] = id_
    if from_ is not None:
        attrs["from"] = from_.full
    if to is not None:
        attrs["to"] = to.full
    return attrs
