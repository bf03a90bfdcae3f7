"""room_writer — puts what rooms keep on disk, many changes with one commit, in the order in which they were made.

OTP:      gen_server
Way:      room_server → [room_writer].keep, commit → store
Process:  `muc_writer@host`, one per node and host, permanent, a child of mod_muc. What comes within GATHER of the first
          goes to the disk with it, at once if somebody waits
Differs:  what cannot be stored is tried again, but for what somebody waits for: that is given up, and the caller told
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmppd.routing import faults
from xmppd.routing.durability import PATIENCE, Sync
from xmppd.store import store
from xmppd.store.backend import Key, StoreError, Table, Tx

#: seconds that what nobody waits for stays in memory, and after which it is tried again
GATHER: Final = 0.02
AGAIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class RoomWrite:
    """Rows to be taken away (a table, the beginning of their keys, None or the greatest next field), then rows to be
    written."""

    cleared: tuple[tuple[Table[Any], Key, int | None], ...] = ()
    rows: tuple[Any, ...] = ()

    def run(self, tx: Tx) -> None:
        """Do it."""
        for table, prefix, upto in self.cleared:
            tx.clear(table, prefix, upto)
        tx.write_many(self.rows)


@dataclass(frozen=True, slots=True)
class WriteNow:
    """To the writer itself: it is time."""


@dataclass(slots=True)
class RoomWriterState:
    """`queue` is to be written; `waiting` are answered when it is; `timed`: a WriteNow is to come."""

    queue: list[RoomWrite] = field(default_factory=list)
    waiting: list[gen_server.From] = field(default_factory=list)
    timed: bool = False


class RoomWriter(GenServer[RoomWriterState]):
    """See the head of this file."""

    def init(self) -> RoomWriterState:
        """Nothing yet."""
        return RoomWriterState()

    async def handle_call(self, request: object, from_: Any, state: RoomWriterState) -> Any:
        """Sync: answered when all before it is stored; a RoomWrite: when it is, with None, or with the StoreError."""
        if isinstance(request, RoomWrite):
            return Reply(await _commit(state, request), state)
        if isinstance(request, Sync):
            state.waiting.append(from_)
            await _write_all(state)
            return NoReply(state)
        return Reply("unknown_request", state)

    async def handle_cast(self, request: object, state: RoomWriterState) -> NoReply[RoomWriterState]:
        """A RoomWrite that nobody waits for."""
        if isinstance(request, RoomWrite):
            state.queue.append(request)
            _call_again(state, GATHER)
        return NoReply(state)

    async def handle_info(self, message: object, state: RoomWriterState) -> NoReply[RoomWriterState]:
        """It is time."""
        if isinstance(message, WriteNow):
            state.timed = False
            await _write_all(state)
        return NoReply(state)


def _call_again(state: RoomWriterState, seconds: float) -> None:
    if not state.timed:
        state.timed = True
        process.send_after(seconds, process.self_(), WriteNow())


async def _commit(state: RoomWriterState, write: RoomWrite) -> StoreError | None:
    queue = state.queue
    try:
        await store.transaction(lambda tx: _run_all(tx, [*queue, write]))
    except StoreError as error:
        return error
    state.queue = []
    _tell(state)
    return None


async def _write_all(state: RoomWriterState) -> None:
    queue = state.queue
    try:
        if queue:
            await store.transaction(lambda tx: _run_all(tx, queue))
    except StoreError as error:
        faults.log(error, f"storing {len(queue)} changes of rooms")
        _call_again(state, AGAIN)
        return
    state.queue = []
    _tell(state)


def _run_all(tx: Tx, writes: list[RoomWrite]) -> None:
    for write in writes:
        write.run(tx)


def _tell(state: RoomWriterState) -> None:
    waiting, state.waiting = state.waiting, []
    for from_ in waiting:
        gen_server.reply(from_, None)


# -- API


def name(host: str) -> str:
    """The registered name of a host's writer."""
    return f"muc_writer@{host}"


def keep(host: str, write: RoomWrite) -> Pid | None:
    """Hand it something that may be stored a moment later; who has it, None if there is no writer now."""
    pid = process.whereis(name(host))
    if pid is not None:
        gen_server.cast(pid, write)
    return pid


async def commit(host: str, write: RoomWrite) -> None:
    """Returns when this, and all before it, is stored. Raises StoreError: it is not, and will not be; CallError."""
    error = await gen_server.call(name(host), write, PATIENCE)
    if error is not None:
        raise error


async def settle(host: str) -> None:
    """Returns when all that was given to the writer of this node is stored. Raises CallError."""
    await gen_server.call(name(host), Sync(), PATIENCE)


async def start_link(host: str) -> Pid | None:
    """Start the writer of a host."""
    return await gen_server.start_link(RoomWriter, name=name(host))


def spec(host: str) -> ChildSpec:
    """As a child of a module."""
    return ChildSpec(name(host), (start_link, (host,)))
