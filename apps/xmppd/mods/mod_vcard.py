"""mod_vcard — a user's card: written by the user, read by all; presence says the hash of the picture in it.

Way:      router → users → iq → [mod_vcard] → store; modules → CardChangeHook → [mod_vcard] → CardWrittenHook → modules;
          mod_presence → PresenceSaidHook → [mod_vcard]
Process:  runs in the process of whoever asks; the hash of an account is kept on each worker that has a session of it
XEP:      0054, 0153; 0398 §4
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

from xmpp_core import avatars, ns, parser
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Presence
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import hooks
from xmppd.routing.account import accounts
from xmppd.routing.account.account import AccountState, account_of
from xmppd.routing.card_hook_points import CardChangeHook, CardReadHook, CardWrittenHook
from xmppd.routing.iq import SERVED, SM
from xmppd.routing.presence_hook_points import PresenceSaidHook
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table

XEP = {54: "1.3.0", 153: "1.1.1"}


@dataclass(frozen=True, slots=True)
class Vcard:
    """A user's vCard (XEP-0054)."""

    host: str
    user: str
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardPhoto:
    """The hash of the picture in a user's card (SHA-1), "" once the picture was taken away."""

    host: str
    user: str
    sha1: str = ""


VCARD: Final = Table("vcard", Vcard, ("host", "user"))
PHOTO: Final = Table("vcard_photo", CardPhoto, ("host", "user"))
MIGRATIONS: Final = (
    create_table("vcard", ("host", "user"), host=str, user=str, xml=str),
    create_table("vcard_photo", ("host", "user"), host=str, user=str, sha1=str),
)


@dataclass(frozen=True)
class Options:
    """`max_size`: octets of a card as it is stored."""

    max_size: int = 131072


@dataclass(frozen=True, slots=True)
class Written:
    """What a write has done: the hashes before and now (None: nothing was ever known of a picture)."""

    before: str | None
    now: str | None


# --- what users ask for


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
    new = iq.payload
    row, photo = _row(owner, new, mod.options), avatars.photo_of_card(new)
    done = await store.transaction(lambda tx: _write(tx, row, photo))
    await _changed(owner, done)
    await hooks.run(owner.domain, CardWrittenHook(owner, new, done.before or ""))
    return iq.result()


def _row(owner: JID, new: Element, options: Options) -> Vcard:
    text = new.to_xml("")
    if len(text.encode()) > options.max_size:
        raise StanzaError("not-acceptable", "the card is too large")
    return Vcard(owner.domain, owner.local, text)


def _write(tx: Tx, row: Vcard, photo: avatars.Photo | None) -> Written:
    who = (row.host, row.user)
    before = _hash(tx, who)
    now = photo.sha1 if photo is not None else "" if before is not None else None
    tx.write(row)
    if now is not None:
        tx.write(CardPhoto(*who, now))
    return Written(before, now)


# --- what other modules ask for


@on(CardChangeHook)
async def change(done: bool, point: CardChangeHook, mod: Mod) -> bool:
    """In one transaction; nobody's request overtakes it."""
    owner = point.owner
    who, options = (owner.domain, owner.local), mod.options

    def transaction(tx: Tx) -> tuple[Element, Written] | None:
        found = tx.read(VCARD, who)
        old = Element(ns.VCARD, "vCard") if found is None else parser.parse_written(found.xml)
        new = point.change(old)
        return None if new is None else (new, _write(tx, _row(owner, new, options), avatars.photo_of_card(new)))

    written = await store.transaction(transaction)
    if written is not None:
        new, hashes = written
        await _changed(owner, hashes)
        await hooks.run(owner.domain, CardWrittenHook(owner, new, hashes.before or "", by_server=True))
    return True


@on(CardReadHook)
async def read(card: Element | None, point: CardReadHook, mod: Mod) -> Element | None:
    """As it is stored; one that cannot be read is none."""
    found = await store.read(VCARD, (point.owner.domain, point.owner.local))
    try:
        return card if found is None else parser.parse_written(found.xml)
    except Unreadable:
        return card


# --- the hash in presence


async def _load(owner: JID) -> str | None:
    """Most have a hash or no card, which is read; only a card from before hashes were kept takes a transaction."""
    who = (owner.domain, owner.local)
    known = await store.read(PHOTO, who)
    if known is not None:
        return known.sha1
    return await store.transaction(lambda tx: _hash(tx, who)) if await store.read(VCARD, who) is not None else None


def _hash(tx: Tx, who: tuple[str, str]) -> str | None:
    """The hash of a card's picture; of a card from before it was kept it is made now."""
    known = tx.read(PHOTO, who)
    if known is not None:
        return known.sha1
    found = tx.read(VCARD, who)
    if found is None or "PHOTO" not in found.xml:
        return None
    try:
        photo = avatars.photo_of_card(parser.parse_written(found.xml))
    except Unreadable:
        return None
    if photo is None:
        return None
    tx.write(CardPhoto(*who, photo.sha1))
    return photo.sha1


HASH: Final = AccountState("vcard_photo", _load)


async def _changed(owner: JID, done: Written) -> None:
    """Presence has the new hash from now on, on every worker. Nothing is sent again. XEP: 0398 §4"""
    if done.before != done.now:
        await accounts.changed(owner)


@on(PresenceSaidHook)
def said(presence: Presence, point: PresenceSaidHook, mod: Mod) -> Presence | Awaitable[Presence]:
    """With the hash, broadcast or directed, unless the client wants no picture to be shown. XEP: 0153 §4.1, 0398 §4"""
    user = point.session.user
    account = account_of(user, sm.sessions(user.bare))
    return _marked(presence, HASH.of(account)) if account.loaded else _marked_later(presence, user)


async def _marked_later(presence: Presence, user: JID) -> Presence:
    return _marked(presence, await HASH.get(user))


def _marked(presence: Presence, sha1: str | None) -> Presence:
    element = avatars.marked(presence.el, sha1)
    return presence if element is presence.el else presence.with_el(element)
