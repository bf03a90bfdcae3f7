"""mod_private — keeps XML for its owner, and for nobody else.

Way:  router → users → iq → [mod_private] → PrivateSetHook, PrivateGetHook → store
XEP:  0049
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import hooks
from xmppd.routing.iq import SM
from xmppd.routing.private_hook_points import PrivateGetHook, PrivateSetHook, PrivateStoredHook
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table

XEP = {49: "1.2"}


@dataclass(frozen=True, slots=True)
class PrivateXml:
    """One element of a user's private storage (XEP-0049), keyed by the element's namespace and name."""

    host: str
    user: str
    ns: str
    name: str
    xml: str = field(repr=False)


PRIVATE: Final = Table("private", PrivateXml, ("host", "user", "ns", "name"))
MIGRATIONS: Final = (
    create_table("private", ("host", "user", "ns", "name"), host=str, user=str, ns=str, name=str, xml=str),
)


@dataclass(frozen=True)
class Options:
    """`max_size`: octets of one element as it is stored; `max_elements`: how many a user may keep."""

    max_size: int = 131072
    max_elements: int = 100


@iq_handler(ns.PRIVATE, "query", at=(SM,))
async def private(iq: Iq, mod: Mod) -> Iq:
    """Get and set by element name and namespace: one in a get, whose answer would else be as large as the asker likes;
    in a set several."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    if iq.from_.bare != iq.to.bare:
        raise StanzaError("forbidden", "this storage is another's")
    wanted = list(iq.payload.elements())
    if not wanted or any(el.ns in ("", ns.CLIENT, ns.PRIVATE) for el in wanted):
        raise StanzaError("not-acceptable", "an element with a namespace of its own is wanted")
    if iq.type == "get":
        return await _get(iq, wanted)
    await _set(iq, wanted, mod.options)
    return iq.result()


async def _get(iq: Iq, wanted: list[Element]) -> Iq:
    """What is stored, as the text it is; or the element itself, empty, as it was asked for."""
    assert iq.to is not None
    if len(wanted) != 1:
        raise StanzaError("not-acceptable", "one element at a time")
    [el] = wanted
    row = await store.read(PRIVATE, (iq.to.domain, iq.to.local, el.ns, el.name))
    point = PrivateGetHook(iq.to.bare_jid(), el.ns, el.name)
    text = await hooks.run_fold(iq.to.domain, point, row.xml if row is not None else None)
    text = Element(el.ns, el.name).to_xml("") if text is None else text
    return SerializedIq(iq, f"<query xmlns='{ns.PRIVATE}'>{text}</query>")


async def _set(iq: Iq, wanted: list[Element], options: Options) -> None:
    assert iq.to is not None
    who = (iq.to.domain, iq.to.local)
    if len(wanted) > options.max_elements:
        raise StanzaError("resource-constraint", "too many elements")
    rows = [PrivateXml(*who, el.ns, el.name, el.to_xml("")) for el in wanted]
    if any(len(row.xml.encode()) > options.max_size for row in rows):
        raise StanzaError("not-acceptable", "the element is too large")
    for el in wanted:
        await hooks.run(iq.to.domain, PrivateSetHook(iq.to.bare_jid(), el))
    if not await store.transaction(lambda tx: _write(tx, who, rows, options.max_elements)):
        raise StanzaError("resource-constraint", "too many elements")


def _write(tx: Tx, who: tuple[str, str], rows: list[PrivateXml], most: int) -> bool:
    fresh = [row for row in rows if tx.read(PRIVATE, (*who, row.ns, row.name)) is None]
    if fresh and tx.count(PRIVATE, who) + len(fresh) > most:
        return False
    for row in rows:
        tx.write(row)
    return True


@on(PrivateStoredHook)
async def stored(text: str | None, point: PrivateStoredHook, mod: Mod) -> str | None:
    """For a module that takes over what is kept here."""
    row = await store.read(PRIVATE, (point.owner.domain, point.owner.local, point.ns, point.name))
    return text if row is None else row.xml
