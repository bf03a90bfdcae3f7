"""writer — puts the messages of archives on disk, many with one commit.

Way:      mod_mam → keep → [writer] → store
Process:  `archive@host`, one per node and host, permanent, beside mod_mam under the host's supervisor. What comes
          within GATHER of the first goes to the disk with it, at once if somebody waits (durability.Sync); while it
          writes the next ones gather in the mailbox
Differs:  what cannot be stored is tried again, and nobody hears that it is before it is. A retraction is done after the
          messages before it and in the transaction that stores it, so that what it takes away is found
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from xmppd.routing import faults
from xmppd.routing.durability import PATIENCE, Sync
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: what the writer is given
Kept: TypeAlias = ArchivedMessage | Retraction
#: seconds that what nobody waits for yet stays in memory, so that a flood is few commits
GATHER: Final = 0.02
#: seconds after which it is tried again
AGAIN: Final = 1.0
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ItIsTime:
    """To the writer itself: GATHER has passed since the first message came, or AGAIN since it failed."""


@dataclass(slots=True)
class ArchiveWriterState:
    """`rows` are to be written; `waiting` is to hear when they are; `timed`: an ItIsTime is to come; `with_words`: what
    they say is to be found."""

    rows: list[Kept] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    timed: bool = False
    with_words: bool = False


class ArchiveWriter(GenServer[ArchiveWriterState]):
    """See the head of this file."""

    async def init(self, host: str, with_words: bool = False) -> ArchiveWriterState | StopInit:
        """Have the index made, if there is to be one; let other workers find us."""
        if with_words:
            try:
                await store.index_words(WORDS)
            except StoreError as error:
                return StopInit(("full_text of mod_mam", str(error)))
        await pg.join(name(host), process.self_())
        return ArchiveWriterState(with_words=with_words)

    async def handle_cast(self, request: object, state: ArchiveWriterState) -> Any:
        """A message more."""
        assert isinstance(request, ArchivedMessage | Retraction)
        state.rows.append(request)
        if len(state.rows) >= _BATCH and len(state.rows) % _BATCH == 0:
            await _write_all(state)
        elif not state.timed:
            _call_again(state, GATHER)
        return _on(state)

    async def handle_call(self, request: object, from_: Any, state: ArchiveWriterState) -> Any:
        """Sync: answered when all before it is stored."""
        if not isinstance(request, Sync):
            return Reply("unknown_request", state)
        state.waiting.append(from_)
        return _on(state)

    async def handle_info(self, message: object, state: ArchiveWriterState) -> Any:
        """It is time, or the mailbox is empty and somebody waits."""
        if isinstance(message, ItIsTime):
            state.timed = False
        await _write_all(state)
        return NoReply(state)


def _on(state: ArchiveWriterState) -> NoReply[ArchiveWriterState]:
    return NoReply(state, timeout=0) if state.waiting else NoReply(state)


def _call_again(state: ArchiveWriterState, seconds: float) -> None:
    state.timed = True
    process.send_after(seconds, process.self_(), ItIsTime())


async def _write_all(state: ArchiveWriterState) -> None:
    """All that is there goes to the disk; then who waits hears of it."""
    try:
        if state.rows:
            rows, more = state.rows, (True,) if state.with_words else ()
            await store.transaction(lambda tx: write(tx, rows, *more))
    except StoreError as error:
        faults.log(error, f"archiving {len(state.rows)} messages")
        if not state.timed:
            _call_again(state, AGAIN)
        return
    waiting, state.rows, state.waiting = state.waiting, [], []
    for from_ in waiting:
        gen_server.reply(from_, None)


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
