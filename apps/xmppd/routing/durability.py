"""durability — counts what a process has handed over to be stored, and acknowledges nothing more until it is.

Way:      mod_offline → [durability].wait_for_room, add_pending; users (what must not overtake it), packets (before an
          IQ is handled), stream end → [durability].flush
Process:  pending work is kept per calling process; `flush` waits for the writers it gave work to
Differs:  a sender does not wait for each commit of a flood, but once, before it acknowledges anything more
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from otp.erts import process
from otp.erts.exits import TIMEOUT, CallError
from otp.erts.pid import Pid
from otp.kernel import codec
from otp.stdlib import gen_server

# bytes handed over without waiting: then the sender pays; and what a thing counts at least, however small
_MOST = 1 << 20
_LEAST = _MOST // 128
#: seconds that a sender waits at most for a store that is slow
PATIENCE = 6.0


@dataclass(slots=True)
class Pending:
    """What one process has handed over: bytes by writer, and for whom (bare JIDs)."""

    writers: dict[Pid, int] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)


#: by process; empty most of the time: a caller in a hurry looks at this first
PENDING: Final[WeakKeyDictionary[Pid, Pending]] = WeakKeyDictionary()
#: the same for callers in a hurry: whether there is anything, asked without a call
ANY_PENDING: Final[dict[object, Pending]] = PENDING.data  # type: ignore[attr-defined]  # typeshed leaves it out


@codec.message
@dataclass(frozen=True, slots=True)
class Sync:
    """To a writer, as a call: answer when all that came before is committed or given back."""


def add_pending(writer: Pid, size: int = 0, owner: str = "") -> None:
    """The calling process has sent something of `size` bytes to `writer`, for `owner`."""
    me = process.self_()
    mine = PENDING.get(me)
    if mine is None:
        mine = PENDING[me] = Pending()
    mine.writers[writer] = mine.writers.get(writer, 0) + max(size, _LEAST)
    mine.owners.add(owner)


def has_room() -> bool:
    """Whether more may be handed over without waiting."""
    mine = PENDING.get(process.self_()) if ANY_PENDING else None
    return mine is None or max(mine.writers.values(), default=0) < _MOST


async def wait_for_room() -> None:
    """Await it before more is sent to a writer: a process that has sent much waits until it is stored.

    Raises CallError as `flush` does.
    """
    if not has_room():
        await flush()


def has_pending(owner: str) -> bool:
    """Whether something for `owner` that the calling process handed over may not be stored yet."""
    mine = PENDING.get(process.self_())
    return mine is not None and owner in mine.owners


async def flush() -> None:
    """Returns once all that the calling process handed over is stored. Costs nothing if there is nothing.

    Raises CallError if a writer died meanwhile, or needs longer than PATIENCE: then nothing may be acknowledged. What
    has not been stored by then is waited for again the next time.
    """
    if not ANY_PENDING:
        return
    mine = PENDING.pop(process.self_(), None)
    for writer in mine.writers if mine is not None else ():
        try:
            await gen_server.call(writer, Sync(), PATIENCE)
        except CallError as error:
            if error.why == TIMEOUT and mine is not None:
                PENDING[process.self_()] = mine
            raise


def take() -> Pending | None:
    """What the calling process has handed over, for another process to wait for (give)."""
    return PENDING.pop(process.self_(), None)


def give(pending: Pending | None) -> None:
    """The calling process waits for what another has handed over, instead of it."""
    if pending is not None:
        PENDING[process.self_()] = pending


def forget() -> None:
    """The calling process ends."""
    PENDING.pop(process.self_(), None)
