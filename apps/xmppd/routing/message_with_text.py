"""message_with_text — a message that was written for an archive, so that it is not written again for who reads it.

Way:      mod_mam → [MessageWithText] → Deliver → c2s → to_xml: the text itself; or mod_offline → the store
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message

_NAME: Final = "<message"
_BEGIN: Final = f"{_NAME} xmlns='{ns.CLIENT}'"
_END: Final = "</message>"


class MessageWithText(Message):
    """A message that is known as text too. To all who look at `el` it is one like any other; whoever makes another
    one of it has a plain one."""

    __slots__ = ("_rest",)

    def __init__(self, el: Element, from_: JID | None, to: JID | None, written: str, more: str) -> None:
        """`written`: what Element.to_xml("") says of the message without its last child; `more`: that child, as it
        stands in a message."""
        super().__init__(el, from_, to)
        self._rest = f"{written[len(_BEGIN) : -len(_END)]}{more}{_END}"

    def addressed(self, from_: JID | None = None, to: JID | None = None) -> Message:  # type: ignore[override]  # no Self
        """A plain one with other addresses."""
        return Message(self.el, self.from_, self.to).addressed(from_, to)

    def with_el(self, el: Element) -> Message:  # type: ignore[override]  # likewise
        """Another message with the same addresses, a plain one."""
        return Message(el, self.from_, self.to)

    def error(self, error: StanzaError, by: str = "") -> Message:  # type: ignore[override]  # likewise
        """The reply of type error, a plain one, without the last child: the recipient's archive is nobody else's
        business. Raises as Message.error does."""
        return Message(self.el.with_children(*self.el.children[:-1]), self.from_, self.to).error(error, by)

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The text itself in a stream of clients, and for the store."""
        if default_ns == ns.CLIENT:
            return _NAME + self._rest
        return _BEGIN + self._rest if not default_ns else self.el.to_xml(default_ns)
