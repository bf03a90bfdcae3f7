"""writer — puts messages for absent users on disk, many with one commit.

Way:      mod_offline → cast Keep → [writer] → store; who is full → bounce → the sender
Process:  `offline_writer@host`, one per node and host, permanent, beside mod_offline under the host's supervisor.
          While a batch is being committed the next one gathers in the mailbox. Senders wait for it with
          barrier.settle before their next acknowledged thing
Differs:  a user who came while the message was on its way to the disk is handed it a little later, see Recheck
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.mods.offline import spool
from xmppd.routing import bounce, router, sm
from xmppd.routing.barrier import Sync
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx
from xmppd.store.tables import ACCOUNT, OFFLINE, OfflineMessage

_BATCH, _BATCH_BYTES = 200, 1 << 20
_RECHECK = 0.2  # seconds in which a session that came meanwhile has fetched its messages itself


@dataclass(frozen=True, slots=True)
class Keep:
    """A cast: store this message of `size` bytes for `owner` (a bare JID of this host)."""

    owner: JID
    message: Message
    size: int


@dataclass(frozen=True, slots=True)
class Recheck:
    """These were stored while their owner came: who still has not got them gets them now."""

    owner: JID
    rows: tuple[OfflineMessage, ...]


@dataclass(slots=True)
class State:
    """`most`: messages a user may have waiting; `size`: bytes in the queue."""

    most: int
    queue: list[Keep] = field(default_factory=list)
    size: int = 0


class OfflineWriter(GenServer[State]):
    """See the head of this file."""

    def init(self, most: int) -> State:
        """Nothing waits."""
        return State(most)

    async def handle_cast(self, request: object, state: State) -> Any:
        """Gather; write when the mailbox is empty or the batch is full."""
        if isinstance(request, Keep):
            state.queue.append(request)
            state.size += request.size
        if len(state.queue) >= _BATCH or state.size >= _BATCH_BYTES:
            await _flush(state)
            return NoReply(state)
        return NoReply(state, timeout=0)

    async def handle_call(self, request: object, from_: Any, state: State) -> Any:
        """Sync: answered when all before it is on disk."""
        await _flush(state)
        return Reply(None, state) if isinstance(request, Sync) else Reply("unknown_request", state)

    async def handle_info(self, message: object, state: State) -> Any:
        """The mailbox is empty, or time to look for those who came."""
        await _flush(state)
        if isinstance(message, Recheck):
            await _recheck(message)
        return NoReply(state)


async def _flush(state: State) -> None:
    batch, state.queue, state.size = state.queue, [], 0
    if not batch:
        return
    now = time.time_ns() // 1_000_000
    texts = [keep.message.el.to_xml("") for keep in batch]
    try:
        rows = await store.transaction(lambda tx: _write(tx, batch, texts, now, state.most))
    except StoreError as error:
        refusal = StanzaError(error.condition, str(error), type_="wait")
        rows = [None] * len(batch)
    else:
        refusal = StanzaError("service-unavailable", "no more messages are kept for this user")
    for keep, row in zip(batch, rows, strict=True):
        if row is None:
            await _give_back(keep.message, refusal)
    _look_for_arrivals(batch, rows)


def _write(tx: Tx, batch: list[Keep], texts: list[str], now: int, most: int) -> list[OfflineMessage | None]:
    """The rows written, None where the owner has enough."""
    counts: Counter[str] = Counter()
    seqs: dict[str, int] = {}
    rows: list[OfflineMessage | None] = []
    for keep, text in zip(batch, texts, strict=True):
        host, user, who = keep.owner.domain, keep.owner.local, keep.owner.bare
        if who not in seqs:
            last = tx.last(OFFLINE, (host, user))
            seqs[who] = last.seq if last is not None else 0
            counts[who] = tx.count(OFFLINE, (host, user)) if last is not None else 0
            if tx.read(ACCOUNT, (host, user)) is None:
                counts[who] = most  # removed while a session of it was still seen: nothing is kept for who comes next
        if counts[who] >= most:
            rows.append(None)
            continue
        counts[who] += 1
        seqs[who] += 1
        row = OfflineMessage(host, user, seqs[who], now, text)
        tx.write(row)
        rows.append(row)
    return rows


async def _give_back(message: Message, error: StanzaError) -> None:
    answer = bounce.reply(message, error)
    if answer is not None:
        await router.route(answer)


def _look_for_arrivals(batch: list[Keep], rows: list[OfflineMessage | None]) -> None:
    stored: dict[JID, list[OfflineMessage]] = {}
    for keep, row in zip(batch, rows, strict=True):
        if row is not None:
            stored.setdefault(keep.owner, []).append(row)
    for owner, mine in stored.items():
        if _reachable(owner) is not None:
            process.send_after(_RECHECK, process.self_(), Recheck(owner, tuple(mine)))


def _reachable(owner: JID) -> Pid | None:
    found = [s for s in sm.sessions(owner.bare) if s.priority is not None and s.priority >= 0]
    return max(found, key=lambda s: s.priority or 0).pid if found else None


async def _recheck(message: Recheck) -> None:
    left = [r for r in message.rows if await store.read(OFFLINE, (r.host, r.user, r.seq)) is not None]
    pid = _reachable(message.owner)
    if left and pid is not None:
        spool.hand_over(pid, left)


def name(host: str) -> str:
    """The registered name of a host's writer."""
    return f"offline_writer@{host}"


async def start_link(host: str, most: int) -> Pid | None:
    """Starts the writer of a host."""
    return await gen_server.start_link(OfflineWriter, most, name=name(host))


def spec(host: str, most: int) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(name(host), (start_link, (host, most)))
