"""shield — lets work on the loop finish even if the process that waits for it is killed.

OTP:      a port opened by a driver: prim_inet:accept is not undone half-way by an exit signal
Differs:  a process's code is cut at its await by a kill. Where the loop is in the middle of making something there, as
          uvloop is between accepting a socket and `connection_made` (it then calls into a handle that is no more, and
          the interpreter ends), it must not be cut; where the cut only ends a wait, it may
Process:  a task of the loop; the process waits for what comes of it
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from otp.erts.future import LoopFuture
from otp.erts.scheduler import THIS

T = TypeVar("T")
# the loop itself holds its tasks weakly
_RUNNING: Final[set[asyncio.Task[Any]]] = set()


async def shielded(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, which runs to its end whatever becomes of the caller. Raises what it raises."""
    done: LoopFuture[T] = LoopFuture()

    def finish(task: asyncio.Task[T]) -> None:
        _RUNNING.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            done.resolve(task.result())
        else:
            done.reject(error)

    task = THIS.loop.create_task(work)
    _RUNNING.add(task)
    task.add_done_callback(finish)
    return await done


async def finish_all(seconds: float = 1.0) -> None:
    """When the node ends: let what is under way come to its end, for so long."""
    if _RUNNING:
        await asyncio.wait(set(_RUNNING), timeout=seconds)
    _RUNNING.clear()
