"""mod_mam — keeps what an account says and hears, and shows it to the account's devices.

Way:      stages → [mod_mam] → archive.writer → store; router → iq → [mod_mam] → archive.pages → the c2s
Process:  the stages run at the account's home, requests in the c2s; `archive@host` writes, one per node and host
XEP:      0313, 0359 (stanza ids), 0334 (hints), 0424 (retraction), 0431 (full text), 0441 (preferences)
Differs:  who is sent a message is told the id that it has in the recipient's archive; the sender finds out when it asks
"""

from __future__ import annotations

import math
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final, TypeAlias

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.kernel import pg
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import escape, ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.archive import answers, indexing, keeping, pages, query, retention, rules, sequence, tables, writer
from xmppd.archive.retraction import Retraction
from xmppd.archive.tables import ArchivedMessage, ArchivePrefs
from xmppd.commands import Account, Arg, CommandError, command
from xmppd.gen_mod import Mod, every, iq_handler, on
from xmppd.mods.mam import owner, prefs
from xmppd.mods.mam.owner import OwnArchive
from xmppd.routing import durability, hooks, router
from xmppd.routing.account import accounts
from xmppd.routing.account.account import AccountState
from xmppd.routing.archive_hook_points import ArchiveEndsHook, ArchiveHeldHook, ArchiveReadHook, RetentionHook
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import (
    AccountReceivesHook,
    AccountSendsHook,
    DiscoFeaturesHook,
    IsContactHook,
    Stage,
)
from xmppd.routing.iq import LOCAL, SM
from xmppd.routing.message_with_text import MessageWithText
from xmppd.routing.routes import HostRoute, ProcessRoute, ServiceRoute
from xmppd.routing.sm import sm
from xmppd.store import store

XEP = {59: "1.0", 313: "1.1.3", 334: "1.0.0", 359: "0.7.0", 424: "0.4.2", 431: "0.2.0", 441: "0.2.0"}
MIGRATIONS = tables.MIGRATIONS
FEATURES = {
    f"{ns.MAM}#extended": (SM, LOCAL),
    ns.STANZA_ID: (SM, LOCAL),
    ns.HINTS: (LOCAL,),
    ns.RETRACT: (SM, LOCAL),
    f"{ns.RETRACT}#tombstone": (SM, LOCAL),
}
#: how far messages are counted for an operator
MOST_COUNTED: Final = 100_000
Passing: TypeAlias = AccountSendsHook | AccountReceivesHook


@dataclass(frozen=True)
class Options:
    """`default`: whose messages are kept for an account that has not said so: "always", "roster" (those of its
    contacts) or "never"; `retention_days`: for how long, 0: for ever; `full_text`: clients may look for words.
    """

    default: str = "always"
    retention_days: int = 365
    full_text: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.default not in prefs.DEFAULTS:
            raise ValueError(f"default must be one of {', '.join(prefs.DEFAULTS)}")
        if self.retention_days < 0:
            raise ValueError("retention_days must be 0 or more")


def children(mod: Mod) -> list[ChildSpec]:
    """The writer."""
    return [writer.spec(mod.host, mod.options.full_text)]


OWN: Final = AccountState("mod_mam", owner.load)


# -- the stages


@on(AccountSendsHook, seq=Stage.ARCHIVE, kind="message")
def sends(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """What the account says to others; what it says to itself is kept when it receives it."""
    if stanza.__class__ is not Message or stanza.to is None:
        return stanza
    message: Message = stanza
    flags = rules.look(message.el.children)
    if flags & rules.MARKED:
        message = _without_forged(message, point.context)
    to = message.to
    if to is None or not rules.is_kept(message.type, flags) or to.bare == point.account.jid.bare:
        return message
    return _kept(message, to, flags, point, mod)


@on(AccountReceivesHook, seq=Stage.ARCHIVE, kind="message")
def receives(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """What is said to it. It learns the id; nobody else says what that is. XEP: 0359 §6"""
    if stanza.__class__ is not Message:
        return stanza
    message: Message = stanza
    flags = rules.look(message.el.children)
    if flags & rules.MARKED:
        message = _without_forged(message, point.context)
    peer = message.from_
    if peer is None or point.context.for_one or not rules.is_kept(message.type, flags):
        return message
    return _kept(message, peer, flags, point, mod)


def _without_forged(message: Message, context: Context) -> Message:
    """Without ids in the name of those whom this server speaks for, but for what a service says of itself."""
    sender = message.from_
    own = sender.domain if sender is not None and context.origin in (Origin.SERVICE, Origin.COMPONENT) else ""
    forged = [mark for mark in message.el.elements("stanza-id", ns.STANZA_ID) if _is_forged(mark, own)]
    if not forged:
        return message
    left = [child for child in message.el.children if not any(child is mark for mark in forged)]
    return message.with_el(message.el.with_children(*left))


def _is_forged(mark: Element, own: str) -> bool:
    domain = (mark.get("by") or "").partition("/")[0].rpartition("@")[2].lower()
    return domain != own and isinstance(router.route_of(domain), HostRoute | ServiceRoute | ProcessRoute)


def _kept(message: Message, peer: JID, flags: int, point: Passing, mod: Mod) -> Stanza | Awaitable[Stanza]:
    """At once, as a rule: then nothing comes between the archive and the delivery."""
    archive = OWN.of(point.account)
    wanted = _is_wanted(archive, peer, mod)
    if wanted is False:
        return message
    if wanted is None or not durability.has_room():
        return _keep_later(message, peer, flags, point, wanted, archive)
    return _keep(message, peer, flags, point, archive)


def _is_wanted(archive: OwnArchive, peer: JID, mod: Mod) -> bool | None:
    """None: if it is a contact."""
    if archive.chosen is not None:
        return archive.chosen.wants(peer)
    default = mod.options.default
    return None if default == "roster" else default == "always"


async def _keep_later(
    message: Message, peer: JID, flags: int, point: Passing, wanted: bool | None, archive: OwnArchive
) -> Stanza:
    """Who has much on its way to the disk waits, and so does what the account gets after this."""
    if wanted is None:
        whose = point.account.jid
        if not await hooks.run_fold(whose.domain, IsContactHook(whose, peer.bare_jid()), False):
            return message
    pid = process.whereis(writer.name(point.account.jid.domain))
    if pid is not None:
        await durability.wait_for_writer(pid)
    return _keep(message, peer, flags, point, archive)


def _keep(message: Message, peer: JID, flags: int, point: Passing, archive: OwnArchive) -> Stanza:
    whose, sent = point.account.jid, point.__class__ is AccountSendsHook
    seq, el = archive.next_number(), message.el
    xml, name = keeping.text_of(el), el.attrs.get("id", "")
    row = ArchivedMessage(whose.domain, whose.local, seq, peer.bare, peer.resource, name, sent, xml)
    if writer.keep(whose.domain, row) is None:
        raise StanzaError("resource-constraint", "messages cannot be kept now", type_="wait")
    if flags & rules.RETRACTS and (taken := rules.retracted(el)):
        where = (whose.domain, whose.local, seq, peer.bare, peer.resource, sent)
        writer.keep(whose.domain, Retraction(*where, taken, name))
    if sent and len(sm.sessions(whose.bare)) < 2:
        return message  # and nobody asks for its id
    id_ = point.context.archive_id = archive.ids.encode(whose.bare, seq)
    if sent:
        return message
    mark = Element(ns.STANZA_ID, "stanza-id", {"by": whose.bare, "id": id_})
    marked = Element(el.ns, el.name, el.attrs, [*el.children, mark])
    if not el.children:
        return message.with_el(marked)
    written = f"<stanza-id xmlns='{ns.STANZA_ID}' by='{escape.attr(whose.bare)}' id='{id_}'/>"
    return MessageWithText(marked, message.from_, message.to, xml, written)


# -- who reads it


@iq_handler(ns.MAM, "query", at=(SM,), announce=(SM, LOCAL))
async def ask(iq: Iq, mod: Mod) -> Iq:
    """A get asks for the form; a set for a page, which comes as messages before the answer."""
    whose, payload, session = _owner(iq), iq.payload, sm.own_session()
    if iq.type == "get":
        return iq.result(query.form(mod.options.full_text))
    if payload is None or session is None:
        raise StanzaError("not-allowed", "devices ask for pages")
    asked = query.parse(payload, mod.options.full_text)
    archive = await _settled(whose)
    page = await answers.find(whose, asked, archive.ids)
    ids = answers.send(session, whose, page.items, asked, archive.ids)
    if ids and hooks.wanted(mod.host, ArchiveReadHook):
        await hooks.run(mod.host, ArchiveReadHook(session, ids))
    return answers.fin(iq, page, partial(archive.ids.encode, whose.bare))


@on(DiscoFeaturesHook)
def found_by_words(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Where archives are announced. XEP: 0431 §2.1"""
    return (*acc, ns.FULLTEXT) if mod.options.full_text and not point.node else acc


@iq_handler(ns.MAM, "metadata", at=(SM,), only="get", announce=())
async def metadata(iq: Iq, mod: Mod) -> Iq:
    """The first and the last message. XEP: 0313 §5"""
    return iq.result(await _ends(_owner(iq)))


@on(ArchiveEndsHook)
async def ends(found: Element | None, point: ArchiveEndsHook, mod: Mod) -> Element | None:
    """The same for whoever tells the client at its login. XEP: 0386 §4"""
    return await _ends(point.owner)


async def _ends(whose: JID) -> Element:
    archive = await _settled(whose)
    return answers.metadata(await pages.ends((whose.domain, whose.local)), partial(archive.ids.encode, whose.bare))


@on(ArchiveHeldHook)
async def held(found: frozenset[str], point: ArchiveHeldHook, mod: Mod) -> frozenset[str]:
    """Those that can be read there."""
    whose = point.owner
    ids = (await _settled(whose)).ids
    numbers = {id_: seq for id_ in point.ids if (seq := ids.decode(whose.bare, id_)) is not None}
    rows = await pages.read_these((whose.domain, whose.local), list(numbers.values()))
    return found | {id_ for id_, row in zip(numbers, rows, strict=True) if row is not None}


async def _settled(whose: JID) -> OwnArchive:
    """Once all that its devices have got is there to be found."""
    await writer.settle(whose.domain)
    return await OWN.get(whose)


@iq_handler(ns.MAM, "prefs", at=(SM,), announce=())
async def preferences(iq: Iq, mod: Mod) -> Iq:
    """What the account wants kept: told, or changed for every worker before it is answered. XEP: 0441"""
    whose, payload = _owner(iq), iq.payload
    assert payload is not None
    if iq.type == "set":
        wanted = prefs.parse(payload)
        always, never = tuple(sorted(wanted.always)), tuple(sorted(wanted.never))
        row = ArchivePrefs(whose.domain, whose.local, wanted.default, always, never)
        await store.transaction(lambda tx: tx.write(row))
        await accounts.changed(whose)
    chosen = (await OWN.get(whose)).chosen or prefs.Wishes(mod.options.default)
    return iq.result(chosen.to_element())


def _owner(iq: Iq) -> JID:
    assert iq.to is not None
    if iq.from_ is None or iq.from_.bare != iq.to.bare:
        raise StanzaError("forbidden", "this archive is another's")
    return iq.to.bare_jid()


# -- what is too old


@every(3600)
async def forget(mod: Mod) -> None:
    """One worker deletes what has been kept for long enough."""
    pids = pg.get_members(writer.name(mod.host))
    if mod.options.retention_days and pids and min(pids, key=str) == process.whereis(writer.name(mod.host)):
        until = sequence.before(_now() - timedelta(days=mod.options.retention_days))
        await retention.sweep(mod.host, until)


def _now() -> datetime:
    return datetime.fromtimestamp(CLOCK.time(), UTC)


# -- commands


@dataclass(frozen=True)
class ArchiveOf:
    """What is in an archive; "" where it is empty. `messages`: None if they are very many."""

    archive: str
    first: str
    last: str
    messages: int | None


@command("archive show", "when the first and the last message of an account's archive came, and how many there are")
async def show(account: Account, mod: Mod) -> ArchiveOf:
    """What is said stays between those who say it."""
    await writer.settle(account.domain)
    who = (account.domain, account.local)
    ends = await pages.ends(who)
    if ends is None:
        return ArchiveOf(account.bare, "", "", 0)
    number = await pages.count(who, pages.Part(), MOST_COUNTED)
    return ArchiveOf(account.bare, answers.came(ends[0]), answers.came(ends[1]), number)


@command("archive purge", "delete what an account's archive has, and say how many messages that were")
async def purge(
    account: Account, mod: Mod, days: Annotated[int, Arg("only what is older than so many days")] = 0
) -> int:
    """How many there were."""
    if days < 0:
        raise CommandError("days: 0 or more")
    await writer.settle(account.domain)
    until = sequence.before(_now() - timedelta(days=min(days, 36500))) if days else sequence.END
    return await retention.purge(account.domain, account.local, until)


@command("archive index", "have words found in what an account's archive had before full_text was switched on")
async def index(account: Account, mod: Mod) -> int:
    """How many messages were looked at."""
    if not mod.options.full_text:
        raise CommandError("mod_mam has not full_text = true")
    await writer.settle(account.domain)
    return await indexing.index(account.domain, account.local)


@on(RetentionHook)
def kept_for(acc: float, point: RetentionHook, mod: Mod) -> float:
    """As long as the archive keeps messages."""
    days = mod.options.retention_days
    return max(acc, days * 24.0 if days else math.inf)
