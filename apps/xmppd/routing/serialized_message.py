"""serialized_message — one message for many: what is in it is written once, and each recipient's address around it.

Way:      pubsub.events → [SerializedMessage] → Deliver → c2s → to_xml: one concatenation
"""

from __future__ import annotations

from typing import Self

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Message


class SerializedMessage(Message):
    """A message whose children are shared with others, and known as text too. To all who look at `el` it is a message
    like any other; whoever makes another of it has a plain one."""

    __slots__ = ("_content",)

    def __init__(
        self, el: Element, from_: JID | None = None, to: JID | None = None, content: str | None = None
    ) -> None:
        super().__init__(el, from_, to)
        self._content = "".join([_written(child) for child in el.children]) if content is None else content

    def addressed(self, from_: JID | None = None, to: JID | None = None) -> Self:
        """As Stanza.addressed; the text is shared too."""
        attrs = dict(self.el.attrs)
        if from_ is not None:
            attrs["from"] = from_.full
        if to is not None:
            attrs["to"] = to.full
        el = Element(self.el.ns, self.el.name, attrs, self.el.children)
        return self.__class__(el, from_ or self.from_, to or self.to, self._content)

    def with_el(self, el: Element) -> Message:  # type: ignore[override]  # no Self: a plain one
        """Another message with the same addresses, a plain one."""
        return Message(el, self.from_, self.to)

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The address, and the text, in a stream of clients, or a component's."""
        if default_ns != ns.CLIENT or not self._content:
            return self.el.to_xml(default_ns)
        head = Element(self.el.ns, self.el.name, self.el.attrs).to_xml()
        return f"{head[:-2]}>{self._content}</message>"


def _written(child: Element | str) -> str:
    assert isinstance(child, Element)
    return child.to_xml()
