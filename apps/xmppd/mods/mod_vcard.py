"""mod_vcard — a user's card: written by the user, read by all.

Way:  router → users → iq → [mod_vcard] → store
XEP:  0054
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing.iq import SERVED, SM
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.store import store
from xmppd.store.backend import Table
from xmppd.store.schema import create_table

XEP = {54: "1.2"}


@dataclass(frozen=True, slots=True)
class Vcard:
    """A user's vCard (XEP-0054)."""

    host: str
    user: str
    xml: str = field(repr=False)


VCARD: Final = Table("vcard", Vcard, ("host", "user"))
MIGRATIONS: Final = (create_table("vcard", ("host", "user"), host=str, user=str, xml=str),)


@dataclass(frozen=True)
class Options:
    """`max_size`: octets of a card as it is stored."""

    max_size: int = 131072


@iq_handler(ns.VCARD, "vCard", at=(SM,), strangers=SERVED)
async def card(iq: Iq, mod: Mod) -> Iq:
    """Get anybody's card, set one's own."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    owner, own = iq.to.bare_jid(), iq.from_.bare == iq.to.bare
    if iq.type == "get":
        found = await store.read(VCARD, (owner.domain, owner.local))
        if found is None and not own:
            raise StanzaError("service-unavailable")  # as for an address without an account (XEP-0054 §3.3)
        return SerializedIq(iq, found.xml) if found is not None else iq.result(Element(ns.VCARD, "vCard"))
    if not own:
        raise StanzaError("forbidden", "this card is another's")  # or nobody's: no account is looked for
    text = iq.payload.to_xml("")
    if len(text.encode()) > mod.options.max_size:
        raise StanzaError("not-acceptable", "the card is too large")
    row = Vcard(owner.domain, owner.local, text)
    await store.transaction(lambda tx: tx.write(row))
    return iq.result()
