"""written — an IQ result that is kept as text, so that a large answer is serialised once and sent often.

Way:      mod_roster → [WrittenIq] → Deliver → c2s → to_xml: one concatenation
"""

from __future__ import annotations

from xmpp_core import ns, parser
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq


class WrittenIq(Iq):
    """The answer to `request` whose payload is already XML, as it stands in a jabber:client stream.

    To all who look at `el` it is an IQ like any other: the tree is made when first asked for.
    """

    __slots__ = ("_el", "_xml")

    def __init__(self, request: Iq, payload: str) -> None:
        head = request.result().el.to_xml()
        self._xml = f"{head[:-2]}>{payload}</iq>"
        self._el: Element | None = None
        self.from_: JID | None = request.to
        self.to: JID | None = request.from_

    @property
    def el(self) -> Element:  # type: ignore[override]
        """The tree."""
        if self._el is None:
            self._el = parser.parse_document(f"<x xmlns='{ns.CLIENT}'>{self._xml}</x>").first()
        assert self._el is not None
        return self._el

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The text itself where the stream's namespace is a content namespace."""
        return self._xml if default_ns else self.el.to_xml(default_ns)
