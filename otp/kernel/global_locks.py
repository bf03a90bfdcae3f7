"""global_locks — locks on names of resources, on some nodes or all; and transactions under one.

OTP:      global:set_lock/1,2,3, del_lock/1,2, trans/2,3,4
Way:      caller → [global_locks] → the global_name_server of each node, in one order on all nodes
Process:  runs in the caller's; a lock ends with the process that took it, and with its node

    value = await global_locks.trans(("table", process.self_()), fn)
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterable
from typing import Any, Final

from otp.erts.exits import CallError
from otp.erts.pid import HERE
from otp.erts.process import sleep
from otp.kernel import net_kernel, node

NAME: Final = "global_name_server"
#: seconds that a lock that is taken is waited for before the first further try, and at most
_FIRST, _MOST = 0.005, 1.0

#: (resource, requester): the same requester may take a lock more than once
LockId = tuple[Any, Any]


async def set_lock(lock: LockId, nodes: Iterable[str] | None = None, retries: float = math.inf) -> bool:
    """Take a lock on all these nodes (default: all connected and this one), or on none; False when `retries` are used.

    A node that goes meanwhile is left out. Raises: TypeError, ValueError for what is no lock, node or number.
    """
    _checked(lock, retries)
    wait = _FIRST
    while True:
        if await _take(lock, _order(nodes)):
            return True
        if retries <= 0:
            return False
        retries -= 1
        await sleep(random.uniform(wait / 2, wait))
        wait = min(wait * 2, _MOST)


async def del_lock(lock: LockId, nodes: Iterable[str] | None = None) -> None:
    """Release a lock, once for each time it was taken. Raises: TypeError, ValueError."""
    _checked(lock, 0)
    for name in _order(nodes):
        await _ask(name, ("unlock", *lock))


async def trans(
    lock: LockId, fn: Callable[[], Any], nodes: Iterable[str] | None = None, retries: float = math.inf
) -> Any:
    """Run fn, plain or async, under a lock and return its value; "aborted" if the lock was not to be had.

    Raises: what fn raises; TypeError, ValueError.
    """
    if not callable(fn):
        raise TypeError(f"{fn!r} cannot be called")
    chosen = None if nodes is None else tuple(nodes)
    if not await set_lock(lock, chosen, retries):
        return "aborted"
    try:
        value = fn()
        return await value if inspect.isawaitable(value) else value
    finally:
        await del_lock(lock, chosen)


# -- internals


def _checked(lock: LockId, retries: float) -> None:
    if not isinstance(lock, tuple) or len(lock) != 2:
        raise TypeError(f"a lock is (resource, requester), not {lock!r}")
    if isinstance(retries, bool) or not isinstance(retries, (int, float)) or not retries >= 0:
        raise ValueError(f"no number of retries: {retries!r}")


def _order(nodes: Iterable[str] | None) -> list[str]:
    """The same order everywhere, so that two who want the same locks do not each hold half of them."""
    if nodes is None:
        return sorted({HERE.node, *node.nodes()})
    chosen = set(nodes) if not isinstance(nodes, str) else {nodes}
    if unknown := [name for name in chosen if name not in (HERE.node, *node.nodes())]:
        raise ValueError(f"no such node: {', '.join(map(str, unknown))}")
    return sorted(chosen)


async def _take(lock: LockId, names: list[str]) -> bool:
    taken: list[str] = []
    for name in names:
        if not await _ask(name, ("lock", *lock)):
            for other in taken:
                await _ask(other, ("unlock", *lock))
            return False
        taken.append(name)
    return True


async def _ask(name: str, request: Any) -> bool:
    try:
        return bool(await net_kernel.call_name(name, NAME, request))
    except CallError as exc:
        if exc.why in ("noconnection", "noproc") and name != HERE.node:  # it is gone, or takes no part in this
            return True
        raise
