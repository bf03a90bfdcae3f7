"""mod_strangers — holds back messages and invitations of people whom an account does not know; off unless named.

Way:      the recipient's stages → [mod_strangers] → store; the account's own stages → [mod_strangers] → router
Process:  runs at the account's home; what was held back goes on in a process of its own
RFC:      6121 §5.2, §3.1.3
Differs:  who is known: the contacts of the roster; those to whom the account has spoken itself, and rooms that it has
          entered; the server, services without a name before the @, and accounts of the same host, unless the operator
          wants it otherwise. A stranger becomes known by a subscription request that is granted, or by an answer
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core import parser, stamp
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, from_element
from xmppd import metrics
from xmppd.auth import auth
from xmppd.commands import Account, command
from xmppd.gen_mod import Mod, every, on
from xmppd.mods.strangers import held
from xmppd.mods.strangers.decision import Verdict, What, judge, speaker, what_is
from xmppd.mods.strangers.held import ACQUAINTED, HELD, Acquaintances, HeldMessage
from xmppd.routing import durability, faults, hooks, router
from xmppd.routing.account import accounts
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import AccountReceivesHook, AccountSendsHook, IsContactHook, Stage
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

MIGRATIONS = held.MIGRATIONS
_HOUR: Final = 3600
_DAY: Final = 86400
#: types of presence by which an account makes somebody known
_OPENS: Final = frozenset({"", "subscribe", "subscribed"})
JUDGED: Final = metrics.counter(
    "xmppd_strangers_total",
    "stanzas of strangers, by what became of them",
    verdict=tuple(verdict.value for verdict in Verdict),
)


@dataclass(frozen=True)
class Options:
    """`local`: accounts of the same host are no strangers; `most`, `of_one`: messages that are held back for an
    account, and of one stranger; what is more is refused. `days`: after which it is gone; `requests`: of strangers who
    ask to see an account's presence, in an hour; what is more is dropped."""

    local: bool = True
    most: int = 50
    of_one: int = 5
    days: int = 30
    requests: int = 20

    def __post_init__(self) -> None:
        if min(self.most, self.of_one, self.requests) < 0 or not 1 <= self.days <= 3650:
            raise ValueError("most, of_one and requests are 0 or more, days 1 to 3650")


# --- what comes for the account


@on(AccountReceivesHook, seq=Stage.FILTER)
def incoming(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """A stranger's words wait until the account has spoken to the stranger."""
    if stanza is None or point.context.origin is Origin.SERVER:
        return stanza
    what = what_is(stanza)
    if what is What.OTHER or _is_of_the_house(stanza.from_, point.account.jid, mod):
        return stanza
    known = ACQUAINTED.of(point.account)
    if speaker(stanza) in known.addressees:
        return stanza
    return _judged(stanza, what, point.account.jid, known, mod)


def _is_of_the_house(from_: JID | None, owner: JID, mod: Mod) -> bool:
    """The account itself, its server, a service, and its neighbours if they are no strangers."""
    if from_ is None or not from_.local or from_.bare == owner.bare:
        return True
    return bool(mod.options.local) and from_.domain == owner.domain


async def _judged(stanza: Stanza, what: What, owner: JID, known: Acquaintances, mod: Mod) -> Stanza | None:
    options: Options = mod.options
    contact = speaker(stanza)
    is_known = bool(contact) and await hooks.run_fold(owner.domain, IsContactHook(owner, JID.parse(contact)), False)
    if not is_known and not await auth.user_exists(owner.local, owner.domain):
        return stanza  # nothing is kept for nobody
    few = is_known or what is not What.REQUEST or known.ask(CLOCK.monotonic(), options.requests, _HOUR)
    verdict = judge(what, known=is_known, has_room=True, few_requests=few)
    if verdict is Verdict.HOLD:
        assert stanza.from_ is not None
        put = partial(
            held.hold,
            owner=owner,
            contact=contact or stanza.from_.bare,
            xml=stanza.el.to_xml(""),
            now=int(CLOCK.time()),
            most=options.most,
            of_one=options.of_one,
        )
        verdict = judge(what, known=False, has_room=await store.transaction(put), few_requests=few)
    if not is_known:
        JUDGED.cell(verdict.value).n += 1
    if verdict is Verdict.REFUSE:
        raise StanzaError("service-unavailable")
    return stanza if verdict is Verdict.PASS else None


# --- what the account sends


@on(AccountSendsHook, seq=Stage.MODULES)
def outgoing(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | None:
    """Whom the account speaks to is no stranger any more: what was held back comes now."""
    if stanza is None or stanza.to is None or not stanza.to.local or point.context.origin is not Origin.CLIENT:
        return stanza
    opens = stanza.type != "error" if stanza.kind == "message" else stanza.type in _OPENS
    if stanza.kind == "iq" or not opens or stanza.to.bare == point.account.jid.bare:
        return stanza
    known, contact = ACQUAINTED.of(point.account), stanza.to.bare
    if contact not in known.addressees:
        known.addressees.add(contact)
        process.spawn(_open, point.account.jid, contact)
    return stanza


async def _open(owner: JID, contact: str) -> None:
    now = int(CLOCK.time())
    try:
        rows = await store.transaction(lambda tx: held.speak(tx, owner, contact, now))
        await accounts.changed(owner)
        for row in rows:
            await _deliver(row)
        if rows:
            await durability.flush()
            await store.transaction(lambda tx: tx.delete_many(HELD, [_key(row) for row in rows]))
    except StoreError as error:
        faults.log(error, f"handing over what was held back for {owner}")


def _key(row: HeldMessage) -> tuple[str, str, str, int]:
    return row.host, row.user, row.contact, row.number


async def _deliver(row: HeldMessage) -> None:
    """As if it came now, with the time at which it did. XEP: 0203"""
    try:
        stanza = from_element(parser.parse_written(row.xml))
    except Unreadable as error:
        faults.log(error, f"reading what was held back for {row.user}@{row.host}")
        return
    delay = stamp.delay(row.host, stamp.parse_datetime(stamp.from_epoch(row.came)))
    await router.route(stanza.with_el(stanza.el.with_children(*stanza.el.children, delay)), Context(Origin.SERVER))


@every(_HOUR)
async def sweep(mod: Mod) -> None:
    """What is too old goes."""
    before = int(CLOCK.time()) - mod.options.days * _DAY
    for user in await store.transaction(lambda tx: tx.values(HELD, (mod.host,))):
        await store.transaction(partial(_drop_old, mod=mod, user=str(user), before=before))


def _drop_old(tx: Tx, mod: Mod, user: str, before: int) -> None:
    held.drop_old(tx, mod.host, user, before)


# --- what the user sees


@dataclass(frozen=True)
class HeldBack:
    """Somebody whose words wait."""

    contact: str
    messages: int
    newest: str


@command(
    "strangers list", "who has written and is not known: an answer, or a contact made of them, brings what they say",
    none="nobody", access="account",
)  # fmt: skip
async def listed(account: Account, mod: Mod) -> list[HeldBack]:
    """By address."""
    found: dict[str, list[HeldMessage]] = {}
    for row in await store.select(HELD, (account.domain, account.local)):
        found.setdefault(row.contact, []).append(row)
    return [HeldBack(who, len(rows), stamp.from_epoch(rows[-1].came)) for who, rows in found.items()]
