"""writer — puts messages for absent users on disk, many with one commit.

Way:      mod_offline → cast Keep → [writer] → store; an account that is full → faults.bounce → the sender
Process:  `offline_writer@host`, one per node and host, permanent, beside mod_offline under the host's supervisor.
          What comes within GATHER of the first goes to the disk with it; while a batch is being committed the next one
          gathers in the mailbox. Senders wait for it before their next acknowledged thing (durability, safe_rounds):
          if one stands still for it, it is written as soon as the mailbox is empty, for all who wait
Differs:  a user who came while the message was on its way to the disk is told as soon as it is there (spool.Stored),
          before its sender hears so, and so before anything that the sender says next
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.mods.offline import archived, room, spool
from xmppd.mods.offline.room import Held, Room
from xmppd.mods.offline.tables import OfflineMessage
from xmppd.routing import durability, faults, hooks, router
from xmppd.routing.deliver import Confirm
from xmppd.routing.durability import CONFIRMING, Debt, Sync
from xmppd.routing.hook_points import IsContactHook
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: whether the sender is a contact of the owner, as far as it was asked, by (owner, sender)
Known: TypeAlias = dict[tuple[JID, JID], bool]
_BATCH, _BATCH_BYTES = 200, 1 << 20
#: seconds that what nobody waits for yet stays in the queue, so that a flood is few commits
GATHER: Final = 0.005


@dataclass(frozen=True, slots=True)
class StoreMessage:
    """A cast: store this message of `size` bytes for `owner` (a bare JID of this host), who should have had it at
    `came` (ms since 1970; 0: now). `debt`: what its sender waits for, None: nobody does."""

    owner: JID
    message: Message
    size: int
    came: int = 0
    debt: Debt | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """To the writer itself: GATHER has passed since the first message came."""


class _AskFirst(Exception):
    """It depends on whether these senders are contacts of these owners: (owner, sender)."""

    def __init__(self, pairs: set[tuple[JID, JID]]) -> None:
        super().__init__()
        self.pairs = pairs


@dataclass(slots=True)
class WriterState:
    """`most`: what a user may have waiting; `size`: bytes in the queue; `timed`: a Due is to come; `waiting`: what is
    to be called when what is in the queue is stored; `urgent`: somebody stands still until then."""

    most: Room
    queue: list[StoreMessage] = field(default_factory=list)
    size: int = 0
    timed: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)
    urgent: bool = False


class OfflineWriter(GenServer[WriterState]):
    """See the head of this file."""

    def init(self, most: Room) -> WriterState:
        """Nothing waits."""
        CONFIRMING.add(process.self_())
        return WriterState(most)

    async def handle_cast(self, request: object, state: WriterState) -> Any:
        """Gather; write when it is time, somebody waits or the batch is full."""
        if isinstance(request, StoreMessage):
            state.queue.append(request)
            state.size += request.size
        if len(state.queue) >= _BATCH or state.size >= _BATCH_BYTES:
            await _flush(state)
        elif not state.timed:
            state.timed = True
            process.send_after(GATHER, process.self_(), Due())
        return _on(state)

    def handle_call(self, request: object, from_: Any, state: WriterState) -> Any:
        """Sync: answered when all before it is on disk."""
        if not isinstance(request, Sync):
            return Reply("unknown_request", state)
        return _wait(partial(gen_server.reply, from_, None), True, state)

    async def handle_info(self, message: object, state: WriterState) -> Any:
        """Confirm: likewise, but one that is not urgent need not be answered before it is time. It is time, or the
        mailbox is empty and somebody stands still."""
        if isinstance(message, Confirm):
            return _wait(message.done, message.urgent, state)
        if isinstance(message, Due):
            state.timed = False
        await _flush(state)
        return _on(state)


def _wait(done: Callable[[], None], urgent: bool, state: WriterState) -> NoReply[WriterState]:
    if not state.queue:
        done()
    else:
        state.waiting.append(done)
        state.urgent = state.urgent or urgent
    return _on(state)


def _on(state: WriterState) -> NoReply[WriterState]:
    return NoReply(state, timeout=0) if state.urgent else NoReply(state)


async def _flush(state: WriterState) -> None:
    """All in the queue goes to the disk; then who waits hears of it."""
    batch, state.queue, state.size = state.queue, [], 0
    waiting, state.waiting, state.urgent = state.waiting, [], False
    if batch:
        await _store(batch, state)
        durability.written(process.self_(), [keep.debt for keep in batch if keep.debt is not None])
    for done in waiting:
        done()


async def _store(batch: list[StoreMessage], state: WriterState) -> None:
    now = CLOCK.time_ns() // 1_000_000
    texts = [keep.message.to_xml("") for keep in batch]
    try:
        rows = await _write_all(batch, texts, now, state.most)
    except StoreError as error:
        refusal = faults.stanza_error(error, f"storing {len(batch)} messages for users who are away")
        rows = [None] * len(batch)
    else:
        refusal = StanzaError("service-unavailable", "no more messages are kept for this user")
    for keep, row in zip(batch, rows, strict=True):
        if row is None:
            await _give_back(keep.message, refusal)
    for owner in {keep.owner for keep, row in zip(batch, rows, strict=True) if row is not None}:
        spool.tell(owner)


async def _write_all(batch: list[StoreMessage], texts: list[str], now: int, most: Room) -> list[OfflineMessage | None]:
    """The rows written, None where the owner has enough. Raises StoreError.

    Who is a contact is asked of the roster only where it decides; then all is done again, so that the order stays.
    """
    known: Known = {}
    while True:
        try:
            return await store.transaction(lambda tx: _write(tx, batch, texts, now, most, known))
        except _AskFirst as first:
            for owner, sender in first.pairs:
                known[owner, sender] = await hooks.run_fold(owner.domain, IsContactHook(owner, sender), False)


def _write(
    tx: Tx, batch: list[StoreMessage], texts: list[str], now: int, most: Room, known: Known
) -> list[OfflineMessage | None]:
    """Raises _AskFirst."""
    held: dict[str, Held | None] = {}
    rows: list[OfflineMessage | None] = []
    unknown: set[tuple[JID, JID]] = set()
    for keep, text in zip(batch, texts, strict=True):
        owner, size = keep.owner, len(text.encode())
        if owner.bare not in held:
            held[owner.bare] = room.load(tx, owner)
        before = held[owner.bare]
        # no account: removed while a session of it was still seen; nothing is kept for a later owner of the name
        after = before.more(size) if before is not None else None
        taken = after is not None and room.takes(after, most, _is_known(keep, known))
        if taken is None and keep.message.from_ is not None:
            unknown.add((owner, keep.message.from_.bare_jid()))
        if after is None or not taken:
            rows.append(None)
            continue
        held[owner.bare] = after
        id_ = archived.id_of(keep.message, owner)
        row = OfflineMessage(owner.domain, owner.local, after.seq, keep.came or now, text, 0, after.total, id_)
        rows.append(row)
    if unknown:
        raise _AskFirst(unknown)
    tx.write_many([row for row in rows if row is not None])
    return rows


def _is_known(keep: StoreMessage, known: Known) -> bool | None:
    sender = keep.message.from_
    if sender is None or sender.bare == keep.owner.bare:
        return sender is not None
    return known.get((keep.owner, sender.bare_jid())) if known else None


async def _give_back(message: Message, error: StanzaError) -> None:
    answer = faults.bounce(message, error)
    if answer is not None:
        await router.route(answer)


def name(host: str) -> str:
    """The registered name of a host's writer."""
    return f"offline_writer@{host}"


async def start_link(host: str, most: Room) -> Pid | None:
    """Starts the writer of a host."""
    return await gen_server.start_link(OfflineWriter, most, name=name(host))


def spec(host: str, most: Room) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(name(host), (start_link, (host, most)))
