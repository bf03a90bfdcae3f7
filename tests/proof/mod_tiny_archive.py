"""mod_tiny_archive — every message of an account is kept, on disk before anything later is acknowledged.

Way:      stages → [mod_tiny_archive] → its writer → store; router → iq → [mod_tiny_archive] → store
Process:  the stages run at the account's home; `tiny_archive@host`, one per worker and host, writes what they keep
XEP:      0313 (in small), 0359 (stanza-id)
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.kernel import pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmpp_core import ns, stamp
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.auth.tables import ACCOUNT
from xmppd.commands import Account, command
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import durability, faults
from xmppd.routing.account import accounts
from xmppd.routing.account.account import AccountState
from xmppd.routing.durability import PATIENCE, Sync
from xmppd.routing.hook_points import AccountReceivesHook, AccountSendsHook, Stage
from xmppd.routing.iq import SM
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.store import store
from xmppd.store.backend import StoreError, Table, Tx
from xmppd.store.schema import create_table

NS: Final = "urn:example:archive"


@dataclass(frozen=True)
class Options:
    """`page`: messages in one answer."""

    page: int = 100


# -- on disk


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in an account's archive. `id`: µs since 1970, a little later where it would not be the greatest."""

    host: str
    user: str
    id: int
    peer: str
    sent: bool
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose messages an account does not want to keep (bare JIDs)."""

    host: str
    user: str
    never: tuple[str, ...]


KEPT: Final = Table("tiny_archive", Kept, ("host", "user", "id"))
CHOICE: Final = Table("tiny_archive_choice", Choice, ("host", "user"))
MIGRATIONS: Final = (
    create_table(
        "tiny_archive", ("host", "user", "id"), host=str, user=str, id=int, peer=str, sent=bool, xml=str
    ),
    create_table("tiny_archive_choice", ("host", "user"), host=str, user=str, never=tuple[str, ...]),
)  # fmt: skip


# -- in memory, while the account is used


@dataclass(slots=True)
class Archive:
    """What a stage has to know without waiting; `last` is the id given last."""

    never: frozenset[str]
    last: int

    def next_id(self) -> int:
        """Greater than all before."""
        self.last = max(CLOCK.time_ns() // 1000, self.last + 1)
        return self.last


async def _load(owner: JID) -> Archive:
    who = (owner.domain, owner.local)
    choice, newest = await store.transaction(lambda tx: (tx.read(CHOICE, who), tx.last(KEPT, who)))
    return Archive(frozenset(choice.never if choice else ()), newest.id if newest else 0)


ARCHIVE: Final = AccountState("tiny_archive", _load)


# -- the stages

Passing: TypeAlias = AccountSendsHook | AccountReceivesHook


@on(AccountSendsHook, seq=Stage.ARCHIVE)
def sends(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """What the account says to others; what it says to itself is kept when it receives it."""
    if not isinstance(stanza, Message) or stanza.to is None or stanza.to.bare == point.account.jid.bare:
        return stanza
    return _kept(stanza, stanza.to.bare, point, mod)


@on(AccountReceivesHook, seq=Stage.ARCHIVE)
def receives(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """What is said to it. It learns the id; nobody else says what that is. XEP: 0359 §5"""
    if not isinstance(stanza, Message):
        return stanza
    by = point.account.jid.bare
    own = [child for child in stanza.el.elements("stanza-id", ns.STANZA_ID) if child.get("by") == by]
    if own:
        left = [child for child in stanza.el.children if not any(child is one for one in own)]
        stanza = stanza.with_el(stanza.el.with_children(*left))
    return _kept(stanza, stanza.from_.bare if stanza.from_ is not None else "", point, mod)


def _kept(message: Message, peer: str, point: Passing, mod: Mod) -> Stanza | Awaitable[Stanza]:
    """At once, as a rule: then nothing comes between the archive and the delivery."""
    if message.type not in ("chat", "normal") or message.body is None:
        return message
    if message.el.child("no-store", ns.HINTS) is not None or peer in ARCHIVE.of(point.account).never:
        return message
    return _keep(message, peer, point, mod) if durability.has_room() else _keep_later(message, peer, point, mod)


async def _keep_later(message: Message, peer: str, point: Passing, mod: Mod) -> Stanza:
    """Who has much on its way to the disk waits, and so does what the account gets after this."""
    await durability.wait_for_room()
    return _keep(message, peer, point, mod)


def _keep(message: Message, peer: str, point: Passing, mod: Mod) -> Stanza:
    writer, owner = process.whereis(_name(mod.host)), point.account.jid
    if writer is None:
        raise StanzaError("resource-constraint", "messages cannot be kept now", type_="wait")
    id_, sent = ARCHIVE.of(point.account).next_id(), isinstance(point, AccountSendsHook)
    xml = message.el.to_xml("")
    gen_server.cast(writer, Kept(owner.domain, owner.local, id_, peer, sent, xml))
    durability.add_pending(writer, len(xml))
    point.context.archive_id = str(id_)
    if sent:
        return message
    mark = el("stanza-id", ns.STANZA_ID, {"id": str(id_), "by": owner.bare})
    return message.with_el(message.el.with_children(*message.el.children, mark))


# -- the writer


@dataclass(slots=True)
class Queue:
    """`rows` are to be written; `waiting` is to hear when they are."""

    rows: list[Kept] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)


class Writer(GenServer[Queue]):
    """All that has come while it wrote goes to the disk with the next commit. What cannot be stored now is tried again,
    and nobody hears that it is before it is."""

    async def init(self, host: str) -> Queue:
        """Let other workers find us."""
        await pg.join(_name(host), process.self_())
        return Queue()

    def handle_cast(self, request: object, state: Queue) -> NoReply[Queue]:
        """A message more."""
        assert isinstance(request, Kept)
        state.rows.append(request)
        return NoReply(state, timeout=0)

    def handle_call(self, request: object, from_: Any, state: Queue) -> NoReply[Queue]:
        """Sync: answered when all before it is stored."""
        assert isinstance(request, Sync)
        state.waiting.append(from_)
        return NoReply(state, timeout=0)

    async def handle_info(self, message: object, state: Queue) -> NoReply[Queue]:
        """The mailbox is empty."""
        try:
            if state.rows:
                await store.transaction(lambda tx: _write(tx, state.rows))
        except StoreError as error:
            faults.log(error, f"archiving {len(state.rows)} messages")
            return NoReply(state, timeout=1.0)
        for from_ in state.waiting:
            gen_server.reply(from_, None)
        return NoReply(Queue())


def _write(tx: Tx, rows: list[Kept]) -> None:
    there = {who: tx.read(ACCOUNT, who) is not None for who in {(row.host, row.user) for row in rows}}
    for row in rows:
        if there[row.host, row.user]:  # else it was never there, or has been removed meanwhile
            tx.write(row)


def _name(host: str) -> str:
    return f"tiny_archive@{host}"


async def start_link(host: str) -> Pid | None:
    """Start the writer of a host."""
    return await gen_server.start_link(Writer, host, name=_name(host))


def children(mod: Mod) -> list[ChildSpec]:
    """The writer."""
    return [ChildSpec(_name(mod.host), (start_link, (mod.host,)))]


# -- who reads it


@iq_handler(NS, "query", at=(SM,), only="get", announce=(SM,))
async def query(iq: Iq, mod: Mod) -> Iq:
    """The messages behind the id `after`, in their order; also one that has just come, to a device on any worker."""
    owner, payload = _owner(iq), iq.payload
    assert payload is not None
    after = payload.attrs.get("after", "0")
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise StanzaError("bad-request", "after: an id")
    for writer in pg.get_members(_name(mod.host)):
        await gen_server.call(writer, Sync(), PATIENCE)
    rows = await store.select(KEPT, (owner.domain, owner.local), mod.options.page, int(after))
    results = "".join([f"<result id='{row.id}'>{row.xml}</result>" for row in rows])
    return SerializedIq(iq, f"<query xmlns='{NS}'>{results}</query>")


@iq_handler(NS, "never", at=(SM,), announce=(SM,))
async def never(iq: Iq, mod: Mod) -> Iq:
    """Whose messages are not kept: told, or changed for every worker before it is answered."""
    owner, payload = _owner(iq), iq.payload
    assert payload is not None
    if iq.type == "get":
        known = await ARCHIVE.get(owner)
        return iq.result(el("never", NS, None, *[el("jid", NS, None, jid) for jid in sorted(known.never)]))
    try:
        jids = {JID.parse(child.text()).bare for child in payload.elements("jid", NS)}
    except JidError as error:
        raise StanzaError("jid-malformed") from error
    await store.transaction(lambda tx: tx.write(Choice(owner.domain, owner.local, tuple(sorted(jids)))))
    await accounts.changed(owner)
    return iq.result()


def _owner(iq: Iq) -> JID:
    assert iq.to is not None
    if iq.from_ is None or iq.from_.bare != iq.to.bare:
        raise StanzaError("forbidden", "this archive is another's")
    return iq.to.bare_jid()


@dataclass(frozen=True)
class Shown:
    """A row of the command: what is said stays between those who say it."""

    id: int
    when: str
    peer: str
    sent: bool
    size: int


@command("archive show", "the messages that an account's archive has, without what they say", none="nothing is kept")
async def show(account: Account, mod: Mod, after: int = 0, most: int = 50) -> list[Shown]:
    """The first `most` behind the id `after`."""
    rows = await store.select(KEPT, (account.domain, account.local), most, after)
    return [Shown(row.id, stamp.from_epoch(row.id / 1e6), row.peer, row.sent, len(row.xml.encode())) for row in rows]
