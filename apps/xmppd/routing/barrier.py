"""barrier — what a process has handed over to be stored, and must not acknowledge before it is.

Way:      mod_offline → [barrier].note; packets (before an IQ is handled), stream end → [barrier].settle
Process:  notes are kept per calling process; `settle` waits for the writers it gave work to
Differs:  nobody waits for each commit of a flood; the sender waits once, before its next acknowledged thing
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server

# bytes handed over without waiting: then the sender pays; and what a thing counts at least, however small
_MOST = 1 << 20
_LEAST = _MOST // 128
_PATIENCE = 15.0

_open: WeakKeyDictionary[Pid, dict[Pid, int]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sync:
    """To a writer, as a call: answer when all that came before is committed or given back."""


async def note(writer: Pid, size: int = 0) -> None:
    """The calling process has sent something of `size` bytes to `writer`; now and then waits for it.

    Raises CallError if the writer died with it.
    """
    mine = _open.setdefault(process.self_(), {})
    mine[writer] = mine.get(writer, 0) + max(size, _LEAST)
    if mine[writer] >= _MOST:
        await settle()


async def settle() -> None:
    """Returns once all that the calling process handed over is stored. Costs nothing if there is nothing.

    Raises CallError if a writer died meanwhile: then nothing may be acknowledged.
    """
    if not _open:
        return
    mine = _open.pop(process.self_(), None)
    for writer in mine or ():
        await gen_server.call(writer, Sync(), _PATIENCE)


def forget() -> None:
    """The calling process ends."""
    _open.pop(process.self_(), None)
