"""queue_writer — puts what clients have not acknowledged on disk, of many sessions with one commit, and takes it away.

Way:      managed_stream → SaveStanzas, DropStanzas → [queue_writer] → store
Process:  `sm_writer@host`, one per node and host, permanent, under the host's supervisor. What comes within GATHER of
          the first goes with it; what is to be deleted goes with the next commit, or alone after LAZILY
Differs:  cf. mods.offline.writer: here nothing is refused, and who waits is called back on the loop
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmppd import crash_points
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing import faults
from xmppd.routing.durability import Sync
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

GATHER: Final = 0.002
LAZILY: Final = 1.0
_MOST: Final = 500
#: host, user, id of the stream
SessionKey = tuple[str, str, str]
#: more than any count
ALL: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class SaveStanzas:
    """A cast: write these, and call done(whether they are on disk)."""

    rows: tuple[StoredStanza, ...]
    done: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class DropStanzas:
    """A cast: those of a session up to this number are acknowledged, or safe elsewhere."""

    key: SessionKey
    upto: int = ALL


@dataclass(frozen=True, slots=True)
class TimeToWrite:
    """To the writer itself: time to write."""


@dataclass(slots=True)
class QueueWriterState:
    """`saves` and `drops` are to be done; `timed`: a TimeToWrite is to come for what is to be deleted;
    `soon`: for a save."""

    saves: list[SaveStanzas] = field(default_factory=list)
    drops: dict[SessionKey, int] = field(default_factory=dict)
    timed: bool = False
    soon: bool = False


class QueueWriter(GenServer[QueueWriterState]):
    """See the head of this file."""

    def init(self) -> QueueWriterState:
        """Nothing waits."""
        process.trap_exit(True)  # so that terminate writes what is gathered
        return QueueWriterState()

    async def handle_cast(self, request: object, state: QueueWriterState) -> Any:
        """Gather."""
        match request:
            case SaveStanzas():
                state.saves.append(request)
                if len(state.saves) >= _MOST:
                    await _write(state)
                elif not state.soon:
                    state.soon = True
                    process.send_after(GATHER, process.self_(), TimeToWrite())
            case DropStanzas(key, upto):
                state.drops[key] = upto  # a count may have begun again at 0, so the last word counts
                if not state.timed:
                    state.timed = True
                    process.send_after(LAZILY, process.self_(), TimeToWrite())
        return NoReply(state)

    async def handle_call(self, request: object, from_: Any, state: QueueWriterState) -> Any:
        """Sync: all that came before is done."""
        if isinstance(request, Sync):
            await _write(state)
        return Reply(None, state)

    async def handle_info(self, message: object, state: QueueWriterState) -> Any:
        """It is time."""
        await _write(state)
        return NoReply(state)

    async def terminate(self, reason: object, state: QueueWriterState) -> None:
        """What is gathered goes to the disk: rows that should be gone would be sent again after the next start."""
        await _write(state)


async def _write(state: QueueWriterState) -> None:
    saves, drops = state.saves, state.drops
    state.saves, state.drops, state.timed, state.soon = [], {}, False, False
    if not (saves or drops):
        return
    rows = [row for save in saves for row in save.rows]

    def transaction(tx: Tx) -> None:
        tx.write_many(rows)
        for key, upto in drops.items():
            tx.clear(SM_STANZA, key, upto)

    try:
        if rows:
            crash_points.reach("sm.before_commit")
        await store.transaction(transaction)
        if rows:
            crash_points.reach("sm.after_commit")
    except StoreError as error:
        faults.log(error, f"storing {len(rows)} stanzas that clients have not acknowledged")
        state.drops = {**drops, **state.drops}  # with the next
        good = False
    else:
        good = True
    for save in saves:
        save.done(good)


def name(host: str) -> str:
    """The registered name of a host's writer."""
    return f"sm_writer@{host}"


def save(host: str, rows: tuple[StoredStanza, ...], done: Callable[[bool], None]) -> None:
    """Write rows; done(False) at once if there is no writer."""
    pid = process.whereis(name(host))
    if pid is None:
        done(False)
    else:
        gen_server.cast(pid, SaveStanzas(rows, done))


def drop(key: SessionKey, upto: int = ALL) -> None:
    """Delete rows, soon."""
    pid = process.whereis(name(key[0]))
    if pid is not None:
        gen_server.cast(pid, DropStanzas(key, upto))


async def start_link(host: str) -> Pid | None:
    """Starts the writer of a host."""
    return await gen_server.start_link(QueueWriter, name=name(host))


def spec(host: str) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(name(host), (start_link, (host,)))
