"""pid — names of processes and of one-shot events, here or on another node.

OTP:      pid() and reference(), built into erts
Differs:  interned: two equal pids are the same object, so that comparing and hashing one costs nothing;
          a local pid points straight at its process, so that sending needs no table
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any, Final, NamedTuple, final

#: the creation of no node
ANY_LIFE: Final = 0


@final
class Pid:
    """Names one process for ever; serials are not used again within a creation of a node.

    Attributes: `node` (name of the node), `creation` (that node's generation), `serial` (counts from 1).
    """

    __slots__ = ("__weakref__", "creation", "node", "serial", "target")

    node: str
    creation: int
    serial: int
    #: the live process if it is on this node, else None; only erts touches it
    target: Any

    def __init__(self, node: str, creation: int, serial: int) -> None:
        self.node, self.creation, self.serial, self.target = node, creation, serial, None

    def __repr__(self) -> str:
        return f"<{self.node}.{self.creation}.{self.serial}>"

    def __lt__(self, other: Pid) -> bool:
        return (self.node, self.creation, self.serial) < (other.node, other.creation, other.serial)


class NameAt(NamedTuple):
    """{Name, Node}: whoever bears a name on another node. It stands where a pid of that node may."""

    name: str
    node: str

    @property
    def target(self) -> None:
        """It is not here."""

    @property
    def creation(self) -> int:
        """ANY_LIFE."""
        return ANY_LIFE

    @property
    def serial(self) -> str:
        """What stands in a frame for it."""
        return self.name


@final
class Ref:
    """A name for one event: a monitor, a call, a timer. Interned like a pid."""

    __slots__ = ("__weakref__", "creation", "node", "serial")

    def __init__(self, node: str, creation: int, serial: int) -> None:
        self.node, self.creation, self.serial = node, creation, serial

    def __repr__(self) -> str:
        return f"#Ref<{self.node}.{self.creation}.{self.serial}>"


class Here:
    """Who this node is. One per OS process, set by the runtime before the first process starts."""

    def __init__(self) -> None:
        self.node = "nonode"
        self.creation = 1
        self.serials = itertools.count(1)


HERE: Final = Here()
_foreign_pids: weakref.WeakValueDictionary[tuple[str, int, int], Pid] = weakref.WeakValueDictionary()
_refs: weakref.WeakValueDictionary[tuple[str, int, int], Ref] = weakref.WeakValueDictionary()
_local_pids: weakref.WeakValueDictionary[int, Pid] = weakref.WeakValueDictionary()


def new_pid() -> Pid:
    """A fresh pid of this node, still without a process."""
    return Pid(HERE.node, HERE.creation, next(HERE.serials))


def abroad(pid: Pid) -> int:
    """Its serial, for a frame; a pid of this node is remembered, so that what comes back is this object."""
    if is_local(pid):
        _local_pids[pid.serial] = pid
    return pid.serial


def intern(node: str, creation: int, serial: int) -> Pid:
    """The one Pid object for these three numbers, as read from a frame of another node."""
    if node == HERE.node and creation == HERE.creation:
        pid = _local_pids.get(serial)
        if pid is None:
            pid = _local_pids[serial] = Pid(node, creation, serial)
        return pid
    key = (node, creation, serial)
    pid = _foreign_pids.get(key)
    if pid is None:
        pid = _foreign_pids[key] = Pid(node, creation, serial)
    return pid


def make_ref() -> Ref:
    """A fresh reference of this node (erlang:make_ref/0). It is interned when it is first read back from a frame."""
    return Ref(HERE.node, HERE.creation, next(HERE.serials))


def intern_ref(node: str, creation: int, serial: int, own: Ref | None = None) -> Ref:
    """The one Ref object for these numbers; `own` is the original, if this node still knows it."""
    key = (node, creation, serial)
    ref = _refs.get(key)
    if ref is None:
        ref = _refs[key] = own or Ref(node, creation, serial)
    return ref


def is_local(pid: Pid | NameAt | Ref) -> bool:
    """True if the pid or reference was made by this node in its present life."""
    return pid.node == HERE.node and pid.creation == HERE.creation
