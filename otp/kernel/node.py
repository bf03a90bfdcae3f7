"""node — this node's name, and which others are there.

OTP:      node/0, nodes/0, net_kernel:monitor_nodes/1
Differs:  monitor_nodes() returns who is there already, so that nobody is missed or counted twice
Process:  none: a book that the carrier writes and all read
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from otp.erts.future import LoopFuture
from otp.erts.links import deliver
from otp.erts.pid import HERE, Pid
from otp.erts.process import self_
from otp.erts.timer import TIMERS
from otp.kernel import codec


@codec.message
@dataclass(frozen=True, slots=True)
class NodeUp:
    """A node is connected: it comes before the first message from it."""

    name: str
    creation: int


@codec.message
@dataclass(frozen=True, slots=True)
class NodeDown:
    """A node is gone or out of reach: it comes after the last message from it."""

    name: str
    creation: int


class Book:
    """Who is connected, and who wants to know."""

    def __init__(self) -> None:
        self.connected: dict[str, int] = {}
        self.silent: dict[str, int] = {}  # let go because they gave no sign of life, and not heard of since
        self.subscribers: dict[Pid, None] = {}
        self.waiters: list[tuple[frozenset[str], LoopFuture[bool]]] = []

    def up(self, name: str, creation: int) -> None:
        """Enter a node and tell."""
        self.connected[name] = creation
        self.silent.pop(name, None)
        self._tell(NodeUp(name, creation))
        for expected, future in list(self.waiters):
            if expected <= self.connected.keys():
                future.resolve(True)

    def down(self, name: str, creation: int) -> None:
        """Strike a node out and tell."""
        del self.connected[name]
        self._tell(NodeDown(name, creation))

    def _tell(self, message: NodeUp | NodeDown) -> None:
        for pid in list(self.subscribers):
            if pid.target is None:
                del self.subscribers[pid]
            else:
                deliver(pid, message)

    def clear(self) -> None:
        """No node is connected: the carrier begins, or begins again. Who lives and wants to know is still told."""
        self.connected.clear()
        self.subscribers = {pid: None for pid in self.subscribers if pid.target is not None}


BOOK: Final = Book()


def this() -> str:
    """The name of this node."""
    return HERE.node


def creation() -> int:
    """This node's generation: it is higher each time a node of the name starts again."""
    return HERE.creation


def nodes() -> list[str]:
    """The names of the connected nodes, sorted; this one is not among them."""
    return sorted(BOOK.connected)


def creation_of(name: str) -> int | None:
    """The generation of a connected node (or of this one), else None."""
    return HERE.creation if name == HERE.node else BOOK.connected.get(name)


def is_silent(name: str) -> bool:
    """Whether the node was dropped because it gave no sign of life (net_ticktime), and has not come back."""
    return name in BOOK.silent


def monitor_nodes(flag: bool = True) -> list[tuple[str, int]]:
    """Send NodeUp and NodeDown to the running process from now on (False: no longer).

    Returns: (name, creation) of each node that is connected at this moment. Idempotent; ends with the process.
    """
    if flag:
        BOOK.subscribers[self_()] = None
    else:
        BOOK.subscribers.pop(self_(), None)
    return sorted(BOOK.connected.items())


async def await_nodes(expected: set[str] | frozenset[str], timeout: float) -> None:
    """Wait until all of `expected` are connected at once; seconds. This node's own name counts as connected.

    Raises: TimeoutError that names who is missing.
    """
    wanted = frozenset(expected) - {HERE.node}
    if wanted <= BOOK.connected.keys():
        return
    entry = (wanted, LoopFuture[bool]())
    BOOK.waiters.append(entry)
    timer = TIMERS.after(timeout, entry[1].resolve, False)
    try:
        if not await entry[1]:
            missing = sorted(wanted - BOOK.connected.keys())
            raise TimeoutError(f"not connected within {timeout} s: {', '.join(missing)}")
    finally:
        TIMERS.cancel(timer)
        if entry in BOOK.waiters:
            BOOK.waiters.remove(entry)
