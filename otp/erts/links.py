"""links — how signals travel: messages, exits, monitors; and the carrier that takes them to other nodes.

OTP:      erts' signal delivery and distribution
Differs:  inside a node a signal takes effect when it is sent, which keeps the order that Erlang promises
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from otp.erts import exits
from otp.erts.pid import NameAt, Pid, Ref, is_local, make_ref
from otp.erts.signals import DOWN, AliasReply, Down, Exit

if TYPE_CHECKING:
    from otp.erts.actor import Process
    from otp.erts.future import LoopFuture

#: calls to other nodes that wait for an answer: serial of the reference -> (future, what to do if it fails)
ALIASES: dict[int, tuple[LoopFuture[Any], Callable[[object], None]]] = {}

#: aliases of this node's processes (otp.erts.aliases): serial of the reference -> what takes the message
HERE_ALIASES: dict[int, Alias] = {}


class Alias(Protocol):
    """What stands in HERE_ALIASES."""

    def __call__(self, message: object) -> None: ...
    def monitor_ended(self) -> None: ...


class Carrier(Protocol):
    """Takes signals to other nodes (DESIGN 4, 5). otp.kernel.net_kernel installs one."""

    def send(self, to: Pid | NameAt | Ref, message: object) -> None: ...
    def link(self, from_: Pid, to: Pid) -> None: ...
    def unlink(self, from_: Pid, to: Pid) -> None: ...
    def exit_(self, from_: Pid | None, to: Pid, reason: object, linked: bool) -> None: ...
    def monitor(self, ref: Ref, watcher: Pid, target: Pid | NameAt) -> None: ...
    def demonitor(self, ref: Ref, target: Pid | NameAt) -> None: ...
    def down(self, ref: Ref, watcher: Pid, target: Pid, reason: object) -> None: ...
    def nodes(self) -> list[str]: ...


class NoCarrier:
    """A node alone: every foreign process is out of reach."""

    def send(self, to: Pid | NameAt | Ref, message: object) -> None:
        """Lost, as in Erlang."""

    def link(self, from_: Pid, to: Pid) -> None:
        """Answered with noconnection."""
        signal_exit(to, from_, exits.NOCONNECTION, linked=True)

    def unlink(self, from_: Pid, to: Pid) -> None:
        """Nothing to undo."""

    def exit_(self, from_: Pid | None, to: Pid, reason: object, linked: bool) -> None:
        """Lost."""

    def monitor(self, ref: Ref, watcher: Pid, target: Pid | NameAt) -> None:
        """Answered with noconnection."""
        signal_down(ref, watcher, target, exits.NOCONNECTION)

    def demonitor(self, ref: Ref, target: Pid | NameAt) -> None:
        """Nothing to undo."""

    def down(self, ref: Ref, watcher: Pid, target: Pid, reason: object) -> None:
        """Lost."""

    def nodes(self) -> list[str]:
        """None."""
        return []


class Net:
    """Holds the carrier in use."""

    carrier: ClassVar[Carrier] = NoCarrier()


def deliver(pid: Pid | NameAt, message: object) -> None:
    """Bring a message to a local process (or a waiting call), or hand it to the carrier. Loop thread only."""
    if type(message) is AliasReply and is_local(pid):
        waiting = ALIASES.pop(message.ref.serial, None)
        if waiting is not None:
            waiting[0].resolve(message.value)
        return
    process = pid.target
    if process is not None:
        process.deliver(message)
    elif not is_local(pid):
        Net.carrier.send(pid, message)
    elif HERE_ALIASES and type(pid) is Pid:
        deliver_alias(pid.serial, message)  # what another node sent to an alias: serials are of one kind


def deliver_alias(serial: int, message: object) -> None:
    """Bring a message to the process behind an alias of this node, if it still stands for one."""
    entry = HERE_ALIASES.get(serial)
    if entry is not None:
        entry(message)


def tie(process: Process, other: Pid) -> None:
    """Note a process's side of a link; idempotent."""
    links = process.links
    if not links:
        process.links = (other,)
    elif isinstance(links, set):
        links.add(other)
    elif other not in links:
        process.links = {*links, other}


def untie(process: Process, other: Pid) -> bool:
    """Forget a process's side of a link; False if there was none."""
    links = process.links
    if not links or other not in links:
        return False
    if isinstance(links, set):
        links.discard(other)
    else:
        process.links = None
    return True


def signal_exit(from_: Pid | None, to: Pid, reason: object, *, linked: bool) -> None:
    """Send an exit signal. A link's signal removes the link; `kill` sent by exit_() cannot be trapped."""
    process: Process | None = to.target
    if process is None:
        if not is_local(to):
            Net.carrier.exit_(from_, to, reason, linked)
        return
    if linked:
        if from_ is None or not untie(process, from_):
            return
    elif reason == exits.KILL:
        process.doom(exits.KILLED)
        return
    if process.trapping:
        process.deliver(Exit(from_, reason))
    elif reason != exits.NORMAL or from_ is to:
        process.doom(reason)


def take_exit(process: Process, other: Pid) -> None:
    """Take the exit signal of another process out of a mailbox, where it is a message, if it is there."""
    queue = process._queue
    for i, message in enumerate(queue or ()):
        if type(message) is Exit and message.pid is other:
            del queue[i]  # type: ignore[union-attr]  # None has no items to come here by
            break


def signal_down(ref: Ref, watcher: Pid, target: Pid | NameAt | str, reason: object) -> None:
    """Tell a watcher that what it monitors is gone; once per monitor. A call that waits abroad is a watcher too."""
    waiting = ALIASES.pop(ref.serial, None) if is_local(watcher) else None
    if waiting is not None:
        waiting[1](reason)
        return
    process: Process | None = watcher.target
    if process is None:
        if isinstance(target, Pid) and not is_local(watcher):
            Net.carrier.down(ref, watcher, target, reason)
        return
    if process.monitors is not None:
        process.monitors.pop(ref, None)
    tag = process.tags.pop(ref, DOWN) if process.tags is not None else DOWN
    entry = HERE_ALIASES.get(ref.serial)
    if entry is not None and is_local(ref):
        entry.monitor_ended()
    process.deliver(Down(ref, target, reason, tag))


def add_watcher(ref: Ref, watcher: Pid | Callable[[object], None], process: Process) -> None:
    """Register `watcher` to be told of the end of a local process."""
    if process.watchers is None:
        process.watchers = {}
    process.watchers[ref] = watcher


def remove_watcher(ref: Ref, target: Pid | NameAt) -> None:
    """Undo add_watcher, here or on the target's node."""
    process: Process | None = target.target
    if process is not None:
        if process.watchers is not None:
            process.watchers.pop(ref, None)
    elif not is_local(target):
        Net.carrier.demonitor(ref, target)


def watch(target: Pid | NameAt, fn: Callable[[object], None]) -> Ref:
    """Call fn(reason) when a local process ends; used by calls, which wait outside of any mailbox."""
    ref = make_ref()
    process: Process | None = target.target
    if process is None:
        fn(exits.NOPROC)
    else:
        add_watcher(ref, fn, process)
    return ref
