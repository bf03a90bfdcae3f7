"""written_message — a message kept as text, so that what is stored is neither parsed nor serialised on its way.

Way:      mod_mam → [WrittenMessage] → Deliver → c2s → to_xml: the text itself
"""

from __future__ import annotations

from sys import getsizeof

from xmpp_core import escape, ns, parser
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message


class WrittenMessage(Message):
    """A message of type normal from `from_` to `to` whose children are already XML, as they stand in a jabber:client
    stream. To all who look at `el` it is a message like any other: the tree is made when first asked for."""

    __slots__ = ("_el", "_xml")

    def __init__(self, from_: JID, to: JID, children: str) -> None:
        ends = f"from='{escape.attr(from_.full)}' to='{escape.attr(to.full)}'"
        self._xml = f"<message {ends}>{children}</message>"
        self._el: Element | None = None
        self.from_: JID | None = from_
        self.to: JID | None = to

    @property
    def el(self) -> Element:  # type: ignore[override]  # a field there, made at need here
        """The tree. Raises Unreadable if the children are no XML."""
        if self._el is None:
            self._el = parser.parse_written(f"<x xmlns='{ns.CLIENT}'>{self._xml}</x>").first()
        assert self._el is not None
        return self._el

    @property
    def type(self) -> str:
        """Always normal."""
        return "normal"

    @property
    def id(self) -> str | None:
        """None."""
        return None

    @property
    def is_error(self) -> bool:
        """It is none."""
        return False

    def weight(self) -> int:
        """That of the text: the tree may never be made."""
        return getsizeof(self._xml)

    def error(self, error: StanzaError, by: str = "") -> Message:  # type: ignore[override]  # no Self: a plain one
        """The reply of type error. Raises as Message.error does."""
        return Message(self.el, self.from_, self.to).error(error, by)

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The text itself where the stream's namespace is a content namespace."""
        return self._xml if default_ns else self.el.to_xml(default_ns)
