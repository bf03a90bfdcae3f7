"""writer — puts the messages of archives on disk, many with one commit.

Way:      mod_mam → [writer].keep → [writer] → store
Process:  `archive@host`, one per node and host, permanent, beside mod_mam under the host's supervisor. What comes
          within GATHER of the first goes to the disk with it, at once if somebody stands still (durability.Sync, or
          an urgent Confirm); while it writes the next ones gather
Differs:  messages are put before the writer in place, not into its mailbox: of each there are two, and to send them
          costs a tenth of what a server does for it. What cannot be stored is tried again, and nobody hears that it is
          before it is. A retraction is done after the messages before it and in the transaction that stores it, so that
          what it takes away is found
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply, StopInit
from xmppd.archive import words
from xmppd.archive.retraction import Retraction, retract
from xmppd.archive.tables import WORDS, ArchivedMessage
from xmppd.auth.tables import ACCOUNT
from xmppd.routing import durability, faults
from xmppd.routing.deliver import Confirm
from xmppd.routing.durability import CONFIRMING, PATIENCE, Debt, Sync
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: what the writer is given
Kept: TypeAlias = ArchivedMessage | Retraction
#: seconds that what nobody waits for yet stays in memory, so that a flood is few commits
GATHER: Final = 0.05
#: seconds after which it is tried again
AGAIN: Final = 1.0
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ItIsTime:
    """To the writer itself: GATHER has passed since the first message came, or AGAIN since it failed."""


@dataclass(frozen=True, slots=True)
class ThereAreRows:
    """To the writer, from who has put the first of many before it, and from who has made them a whole batch."""


@dataclass(slots=True)
class ArchiveWriterState:
    """`rows` are to be written, and are put here by `keep`, with what their senders wait for (`debts`); `waiting` are
    called when they are; `urgent`: one of those stands still; `timed`: an ItIsTime is to come; `with_words`: what rows
    say is to be found."""

    rows: list[Kept] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    waiting: list[Callable[[], None]] = field(default_factory=list)
    urgent: bool = False
    timed: bool = False
    with_words: bool = False


#: of each writer of this node, by its host
_WRITERS: Final[dict[str, ArchiveWriterState]] = {}


class ArchiveWriter(GenServer[ArchiveWriterState]):
    """See the head of this file."""

    async def init(self, host: str, with_words: bool = False) -> ArchiveWriterState | StopInit:
        """Have the index made, if there is to be one; let other workers find us."""
        state = _WRITERS[host] = ArchiveWriterState(with_words=with_words)
        if with_words:
            try:
                await store.index_words(WORDS)
            except StoreError as error:
                return StopInit(("full_text of mod_mam", str(error)))
        await pg.join(name(host), process.self_())
        CONFIRMING.add(process.self_())
        return state

    def handle_call(self, request: object, from_: Any, state: ArchiveWriterState) -> Any:
        """Sync: answered when all before it is stored."""
        if not isinstance(request, Sync):
            return Reply("unknown_request", state)
        return _wait(partial(gen_server.reply, from_, None), True, state)

    def handle_info(self, message: object, state: ArchiveWriterState) -> Any:
        """Confirm: likewise, but one that is not urgent need not be answered before it is time. It is time, or the
        mailbox is empty and somebody stands still."""
        match message:
            case Confirm(done, _, urgent):
                return _wait(done, urgent, state)
            case ThereAreRows() if len(state.rows) < _BATCH:
                if not state.timed:
                    _call_again(state, GATHER)
                return _on(state)
            case ItIsTime():
                state.timed = False
        return _write_all(state)


def _wait(done: Callable[[], None], urgent: bool, state: ArchiveWriterState) -> NoReply[ArchiveWriterState]:
    if not state.rows:
        done()
    else:
        state.waiting.append(done)
        state.urgent = state.urgent or urgent
    return _on(state)


def _on(state: ArchiveWriterState) -> NoReply[ArchiveWriterState]:
    return NoReply(state, timeout=0) if state.urgent else NoReply(state)


def _call_again(state: ArchiveWriterState, seconds: float) -> None:
    state.timed = True
    process.send_after(seconds, process.self_(), ItIsTime())


async def _write_all(state: ArchiveWriterState) -> NoReply[ArchiveWriterState]:
    """All that is there goes to the disk; then who waits hears of it."""
    rows, debts, more = state.rows, state.debts, (True,) if state.with_words else ()
    state.rows, state.debts = [], []
    try:
        if rows:
            await store.transaction(lambda tx: write(tx, rows, *more))
    except StoreError as error:
        faults.log(error, f"archiving {len(rows)} messages")
        state.rows[:0], state.debts[:0] = rows, debts
        if not state.timed:
            _call_again(state, AGAIN)
        return NoReply(state)
    durability.written(process.self_(), debts)
    waiting, state.waiting, state.urgent = state.waiting, [], False
    for done in waiting:
        done()
    return NoReply(state)


def write(tx: Tx, kept: list[Kept], with_words: bool = False) -> None:
    """Store messages, with their words if these are to be found, and take away what is retracted. An account that has
    been removed meanwhile keeps nothing for a later owner of its name."""
    whose = {(row.host, row.user) for row in kept}
    there = {(account.host, account.user) for account in tx.read_many(ACCOUNT, whose)}
    rows = [row for row in kept if (row.host, row.user) in there]
    messages = [row for row in rows if isinstance(row, ArchivedMessage)]
    tx.write_many(messages)
    if with_words:
        tx.write_many([said for row in messages if (said := words.row_of(row)) is not None])
    for row in rows:
        if isinstance(row, Retraction):
            retract(tx, row)


def name(host: str) -> str:
    """The registered name of a host's writer, and of the group of all of them."""
    return f"archive@{host}"


def keep(host: str, kept: Kept) -> Pid | None:
    """Put a message before the writer of its host; who that is, None if there is none now. From the loop's thread, by
    the process that is to wait for it."""
    pid = process.whereis(name(host))
    if pid is not None:
        state = _WRITERS[host]
        state.rows.append(kept)
        if isinstance(kept, ArchivedMessage):
            state.debts.append(durability.add_pending(pid, len(kept.xml)))
        number = len(state.rows)
        if number == 1 or not number % _BATCH:
            process.send(pid, ThereAreRows())
    return pid


async def settle(host: str) -> None:
    """Returns when all that the stages of any worker have given to its writer is stored. Raises CallError."""
    for pid in pg.get_members(name(host)):
        await gen_server.call(pid, Sync(), PATIENCE)


async def start_link(host: str, with_words: bool = False) -> Pid | None:
    """Start the writer of a host; `with_words`: what it writes is to be found by its words."""
    return await gen_server.start_link(ArchiveWriter, host, with_words, name=name(host))


def spec(host: str, with_words: bool = False) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(name(host), (start_link, (host, with_words)))
