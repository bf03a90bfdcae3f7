"""serialized_iq — an IQ result kept as text, so that what is stored or cached is neither parsed nor serialised.

Way:      mod_roster, mod_vcard, mod_private → [SerializedIq] → Deliver → c2s → to_xml: one concatenation
"""

from __future__ import annotations

from sys import getsizeof

from xmpp_core import ns, parser
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq


class SerializedIq(Iq):
    """The answer to `request` whose payload is already XML, as it stands in a jabber:client stream.

    To all who look at `el` it is an IQ like any other: the tree is made when first asked for. What is asked on the way
    of every stanza (type, id, weight) is known without.
    """

    __slots__ = ("_el", "_head", "_xml")

    def __init__(self, request: Iq, payload: str) -> None:
        self._head = request.result().el
        self._xml = f"{self._head.to_xml()[:-2]}>{payload}</iq>"
        self._el: Element | None = None
        self.from_: JID | None = request.to
        self.to: JID | None = request.from_

    @property
    def el(self) -> Element:  # type: ignore[override]  # a field there, made at need here
        """The tree. Raises Unreadable if the payload is no XML."""
        if self._el is None:
            self._el = parser.parse_written(f"<x xmlns='{ns.CLIENT}'>{self._xml}</x>").first()
        assert self._el is not None
        return self._el

    @property
    def type(self) -> str:
        """Always result."""
        return "result"

    @property
    def id(self) -> str | None:
        """The request's."""
        return self._head.attrs.get("id")

    @property
    def is_error(self) -> bool:
        """It is none."""
        return False

    @property
    def is_request(self) -> bool:
        """It is none."""
        return False

    def weight(self) -> int:
        """That of the text: the tree may never be made."""
        return getsizeof(self._xml)

    def to_xml(self, default_ns: str = ns.CLIENT) -> str:
        """The text itself where the stream's namespace is a content namespace."""
        return self._xml if default_ns else self.el.to_xml(default_ns)
