"""mod_private — keeps XML for its owner, and for nobody else.

Way:  router → users → iq → [mod_private] → store
XEP:  0049
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core import ns, parser
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing.iq import SM
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.store.tables import PRIVATE, PrivateXml

XEP = {49: "1.2"}


@dataclass(frozen=True)
class Options:
    """`max_size`: characters of one element; `max_elements`: how many a user may keep."""

    max_size: int = 131072
    max_elements: int = 100


@iq_handler(ns.PRIVATE, "query", at=(SM,))
async def private(iq: Iq, mod: Mod) -> Iq:
    """Get and set by element name and namespace."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    if iq.from_.bare != iq.to.bare:
        raise StanzaError("forbidden", "this storage is another's")
    wanted = list(iq.payload.elements())
    if not wanted or any(el.ns in ("", ns.CLIENT, ns.PRIVATE) for el in wanted):
        raise StanzaError("not-acceptable", "an element with a namespace of its own is wanted")
    who = (iq.to.domain, iq.to.local)
    if iq.type == "get":
        return iq.result(Element(ns.PRIVATE, "query", {}, [await _read(who, el) for el in wanted]))
    rows = [PrivateXml(*who, el.ns, el.name, el.to_xml("")) for el in wanted]
    if any(len(row.xml) > mod.options.max_size for row in rows):
        raise StanzaError("not-acceptable", "the element is too large")
    if not await store.transaction(lambda tx: _write(tx, who, rows, mod.options.max_elements)):
        raise StanzaError("resource-constraint", "too many elements")
    return iq.result()


async def _read(who: tuple[str, str], el: Element) -> Element:
    """What is stored, or the element itself, empty, as it was asked for."""
    row = await store.read(PRIVATE, (*who, el.ns, el.name))
    return parser.parse_document(row.xml) if row is not None else Element(el.ns, el.name)


def _write(tx: Tx, who: tuple[str, str], rows: list[PrivateXml], most: int) -> bool:
    fresh = [row for row in rows if tx.read(PRIVATE, (*who, row.ns, row.name)) is None]
    if fresh and tx.count(PRIVATE, who) + len(fresh) > most:
        return False
    for row in rows:
        tx.write(row)
    return True
