"""mod_vacation — a text that who writes to an account gets while nobody is there, once a day.

Way:  router → iq → [mod_vacation] → store; MessageStoredHook → [mod_vacation] → store, router, the sender
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, make_message
from xmppd.commands import Account, command
from xmppd.gen_mod import Mod, every, iq_handler, on
from xmppd.routing import router
from xmppd.routing.hook_points import MessageStoredHook
from xmppd.routing.iq import SM
from xmppd.routing.routes import ProcessRoute, ServiceRoute
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Key, Table, Tx
from xmppd.store.schema import create_table

NS: Final = "urn:example:vacation"
DAY: Final = 86400


@dataclass(frozen=True)
class Options:
    """`max_text`: characters of a text; `max_senders`: of how many senders an account remembers when they had it."""

    max_text: int = 1000
    max_senders: int = 500

    def __post_init__(self) -> None:
        """Who forgets everybody would answer each message."""
        if self.max_senders < 1:
            raise ValueError("max_senders is 1 or more")


@dataclass(frozen=True, slots=True)
class Vacation:
    """What an account answers."""

    host: str
    user: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replied:
    """When (seconds since 1970) a sender, a bare JID, has had the text of an account."""

    host: str
    user: str
    sender: str
    stamp: int


VACATION: Final = Table("acme_vacation", Vacation, ("host", "user"))
REPLIED: Final = Table("acme_vacation_replied", Replied, ("host", "user", "sender"))
MIGRATIONS: Final = (
    create_table("acme_vacation", ("host", "user"), host=str, user=str, text=str),
    create_table("acme_vacation_replied", ("host", "user", "sender"), host=str, user=str, sender=str, stamp=int),
)


# -- the owner


@iq_handler(NS, "vacation", at=(SM,), announce=(SM,))
async def own(iq: Iq, mod: Mod) -> Iq:
    """The owner reads the text, sets it, or deletes it with an empty element."""
    assert iq.to is not None
    assert iq.payload is not None
    owner, text = iq.to.bare_jid(), iq.payload.text().strip()
    if iq.from_ is None or iq.from_.bare_jid() != owner:
        raise StanzaError("forbidden")
    if iq.type == "get":
        return iq.result(el("vacation", NS, None, await _text_of(owner)))
    if len(text) > mod.options.max_text:
        raise StanzaError("not-acceptable", f"a vacation text has at most {mod.options.max_text} characters")
    if text:
        await store.transaction(lambda tx: tx.write(Vacation(owner.domain, owner.local, text)))
    else:
        await store.transaction(lambda tx: tx.delete(VACATION, (owner.domain, owner.local)))
    return iq.result()


async def _text_of(owner: JID) -> str | None:
    row = await store.read(VACATION, (owner.domain, owner.local))
    return row.text if row is not None else None


# -- who writes


@on(MessageStoredHook)
async def answer(point: MessageStoredHook, mod: Mod) -> None:
    """The text goes to the sender, if it is due.

    A process of its own sends it: this one holds up the stanzas for the owner, and may have to wait for the sender's.
    """
    owner, sender = point.owner, point.message.from_
    if sender is None or not _wants_answer(point.message, owner) or sm.available(owner.bare):
        return
    if await _text_of(owner) is None:  # nearly always; it costs no transaction
        return
    most, now = mod.options.max_senders, int(CLOCK.time())
    text = await store.transaction(lambda tx: _due(tx, owner, sender.bare, now, most))
    if text is not None:
        reply = make_message(sender, text, el("vacation", NS), type_=point.message.type, from_=owner)
        process.spawn(router.route_of_account, reply)


def _wants_answer(message: Message, owner: JID) -> bool:
    """Whether a person has written it, and not somebody's vacation."""
    sender = message.from_
    if sender is None or not sender.local or sender.bare == owner.bare:
        return False
    if message.type not in ("chat", "normal") or not message.body or message.el.child("vacation", NS) is not None:
        return False
    return not isinstance(router.route_of(sender.domain), (ServiceRoute, ProcessRoute))


def _due(tx: Tx, owner: JID, sender: str, now: int, most: int) -> str | None:
    """The text, if there still is one and the sender has not had it for a day; from now on it has."""
    key = (owner.domain, owner.local)
    vacation, last = tx.read(VACATION, key), tx.read(REPLIED, (*key, sender))
    if vacation is None or (last is not None and now - last.stamp < DAY):
        return None
    tx.write(Replied(*key, sender, now))
    known = sorted(tx.select(REPLIED, key), key=lambda row: (row.stamp, row.sender == sender))
    for row in known[: max(0, len(known) - most)]:
        tx.delete(REPLIED, (*key, row.sender))
    return vacation.text


# -- the administrator, and time


@command("vacation show", "what an account answers while nobody is there", none="no vacation text")
async def show(account: Account, mod: Mod) -> str | None:
    """The text."""
    return await _text_of(account)


@command("vacation clear", "delete an account's vacation text, and forget who has had it")
async def clear(account: Account, mod: Mod) -> None:
    """Both tables."""

    def forget(tx: Tx) -> None:
        tx.clear(VACATION, (account.domain, account.local))
        tx.clear(REPLIED, (account.domain, account.local))

    await store.transaction(forget)


@every(3600)
async def clean(mod: Mod) -> None:
    """Who had a text more than a day ago is forgotten; one account after the other, so that others come in between."""
    before = int(CLOCK.time()) - DAY
    for user in await store.transaction(lambda tx: tx.values(REPLIED, (mod.host,))):
        await store.transaction(partial(_forget_old, owner=(mod.host, user), before=before))


def _forget_old(tx: Tx, owner: Key, before: int) -> None:
    for row in tx.select(REPLIED, owner):
        if row.stamp <= before:
            tx.delete(REPLIED, (*owner, row.sender))
