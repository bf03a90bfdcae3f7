"""shared_stanza — one message or presence for many: its content is written once, each recipient's address around it.

Way:      room_delivery → [SharedMessage, SharedPresence] → Deliver → c2s → to_xml: one concatenation
Differs:  cf. routing.serialized_message, which makes an element for each recipient: here it is made when somebody looks
"""

from __future__ import annotations

from sys import getsizeof
from typing import Any

from xmpp_core import escape, ns, parser
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Presence, Stanza


class Shared:
    """What all recipients get: `head`, the start tag up to the recipient's address, and `content`, all behind the start
    tag."""

    __slots__ = ("_element", "content", "from_", "head", "kind", "size")

    def __init__(self, kind: str, head: str, content: str, from_: JID | None, element: Element | None = None) -> None:
        self.kind, self.head, self.content, self.from_ = kind, head, content, from_
        self._element = element
        self.size = getsizeof(head) + getsizeof(content)

    @classmethod
    def of(cls, stanza: Stanza) -> Shared:
        """A stanza without `to`, written."""
        el = stanza.el
        head = Element(el.ns, el.name, el.attrs).to_xml()[:-2]
        content = "".join([_written(child) for child in el.children])
        return cls(stanza.kind, head, f">{content}</{stanza.kind}>", stanza.from_, el)

    @property
    def element(self) -> Element:
        """The tree, without `to`: made when first asked for."""
        if self._element is None:
            text = f"<x xmlns='{ns.CLIENT}'>{self.head}{self.content}</x>"
            found = parser.parse_written(text).first()
            assert found is not None
            self._element = found
        return self._element

    def to(self, jid: JID) -> Stanza:
        """For one recipient."""
        return SharedMessage(self, jid) if self.kind == "message" else SharedPresence(self, jid)


def _written(child: Element | str) -> str:
    return escape.text(child) if isinstance(child, str) else child.to_xml()


class _Addressed(Stanza):
    """What both kinds have."""

    __slots__ = ("_el", "_shared")

    def __init__(self, shared: Shared, to: JID) -> None:
        self._shared = shared
        self._el: Element | None = None
        self.from_: JID | None = shared.from_
        self.to: JID | None = to

    @property
    def el(self) -> Element:  # type: ignore[override]  # a field there, made at need here
        """The tree, with children that all recipients share."""
        if self._el is None:
            known = self._shared.element
            attrs: dict[str, str] = {**known.attrs, "to": self.to.full} if self.to is not None else known.attrs
            self._el = Element(known.ns, known.name, attrs, known.children)
        return self._el

    def weight(self) -> int:
        """That of the text, though others have it, too: each recipient is charged for what it keeps waiting."""
        return self._shared.size

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The text with the address."""
        if default_ns != ns.CLIENT or self.to is None:
            return self.el.to_xml(default_ns)
        return f"{self._shared.head} to='{escape.attr(self.to.full)}'{self._shared.content}"


class SharedMessage(_Addressed, Message):
    """A message. Whoever makes another of it has a plain one."""

    __slots__ = ()

    def with_el(self, el: Element) -> Any:
        """Another message with the same addresses."""
        return Message(el, self.from_, self.to)

    def addressed(self, from_: JID | None = None, to: JID | None = None) -> Any:
        """A plain one with other addresses."""
        return Message(self.el, self.from_, self.to).addressed(from_, to)


class SharedPresence(_Addressed, Presence):
    """Presence. Whoever makes another of it has a plain one."""

    __slots__ = ()

    def with_el(self, el: Element) -> Any:
        """Another presence with the same addresses."""
        return Presence(el, self.from_, self.to)

    def addressed(self, from_: JID | None = None, to: JID | None = None) -> Any:
        """A plain one with other addresses."""
        return Presence(self.el, self.from_, self.to).addressed(from_, to)
