"""process — spawn, send, receive, links, monitors, names, timers: the words a process speaks.

OTP:      module erlang's process functions, and the receive expression
Differs:  receive() is awaited; code is `async def` if it waits for anything

>>> from otp.erts import process, runtime
>>> async def echo():
...     sender, word = await process.receive()
...     process.send(sender, word.upper())
>>> async def main():
...     pid = process.spawn(echo)
...     process.send(pid, (process.self_(), "hello"))
...     return await process.receive(timeout=1.0)
>>> runtime.run(main)
'HELLO'
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from otp.erts import exits
from otp.erts.actor import NOTHING, PROCESSES, Process, Receive
from otp.erts.function_process import FunctionProcess, hibernate
from otp.erts.future import LoopFuture
from otp.erts.links import Net, add_watcher, deliver, remove_watcher, signal_down, signal_exit
from otp.erts.pid import HERE, Pid, Ref, is_local, make_ref
from otp.erts.registry import NAMES, Name, find, registered, whereis
from otp.erts.scheduler import BUDGET, THIS
from otp.erts.signals import Down, Exit
from otp.erts.timer import TIMERS, TimerRef

__all__ = [
    "cancel_timer",
    "demonitor",
    "exit_",
    "give_way",
    "hibernate",
    "is_alive",
    "link",
    "make_ref",
    "monitor",
    "node",
    "process_info",
    "processes",
    "receive",
    "register",
    "registered",
    "self_",
    "send",
    "send_after",
    "sleep",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "trap_exit",
    "unlink",
    "unregister",
    "whereis",
]


def running() -> Process:
    """The process whose code is running. Raises: NotAProcess outside of one."""
    process = THIS.running
    if process is None:
        raise exits.NotAProcess("no process is running here")
    return process


def self_() -> Pid:
    """The pid of the running process (self/0). Raises: NotAProcess."""
    return running().pid


def node() -> str:
    """The name of this node (node/0)."""
    return HERE.node


def resolve(dest: Pid | Name) -> Pid | None:
    """The pid behind a pid or a name; None if nobody bears the name."""
    return dest if type(dest) is Pid else find(dest)


def send(dest: Pid | Name, message: object) -> None:
    """Put a message into a mailbox, here or on another node; from any thread. To a dead process: nothing happens.

    Raises: NotRegistered if `dest` is a name that nobody bears (badarg).
    """
    if type(dest) is not Pid:
        pid = resolve(dest)
        if pid is None:
            raise exits.NotRegistered(dest)
        dest = pid
    THIS.call_on_loop(deliver, dest, message)


def spawn(
    fn: Callable[..., Any], *args: Any, name: str | None = None, link: bool = False, trap: bool = False
) -> Pid:
    """Start a process that runs fn(*args), a plain or an async function; atomic with `link` and `name`.

    Raises: AlreadyStarted if the name is taken.
    """
    if name is not None and name in NAMES:
        raise exits.AlreadyStarted(NAMES[name])
    return launch(FunctionProcess(fn, args), name, link, trap)


def launch(process: FunctionProcess, name: str | None = None, link: bool = False, trap: bool = False) -> Pid:
    """What spawn() does with a process that has been made but has not run yet."""
    if THIS.running is not None:
        process.parent = THIS.running.pid
    if name is not None:
        register(name, process.pid)
    if trap:
        process.trapping = True
    if link:
        link_processes(running(), process.pid)
    return process.pid


def spawn_link(fn: Callable[..., Any], *args: Any, name: str | None = None, trap: bool = False) -> Pid:
    """spawn and link in one step."""
    return spawn(fn, *args, name=name, link=True, trap=trap)


def spawn_monitor(fn: Callable[..., Any], *args: Any) -> tuple[Pid, Ref]:
    """spawn and monitor in one step."""
    pid = spawn(fn, *args)
    return pid, monitor(pid)


def link_processes(process: Process, other: Pid) -> None:
    """Link a given local process with another; link() is this for the running one."""
    if other is process.pid or (process.links is not None and other in process.links):
        return
    if process.links is None:
        process.links = set()
    process.links.add(other)
    target: Process | None = other.target
    if target is not None:
        if target.links is None:
            target.links = set()
        target.links.add(process.pid)
    elif is_local(other):
        signal_exit(other, process.pid, exits.NOPROC, linked=True)
    else:
        Net.carrier.link(process.pid, other)


def link(pid: Pid) -> None:
    """Link the running process with another, both ways; idempotent. A dead one answers with an exit signal noproc."""
    link_processes(running(), pid)


def unlink(pid: Pid) -> None:
    """Take the link away: no exit signal of it arrives afterwards."""
    process = running()
    if process.links is None or pid not in process.links:
        return
    process.links.discard(pid)
    target: Process | None = pid.target
    if target is not None:
        if target.links is not None:
            target.links.discard(process.pid)
    elif not is_local(pid):
        Net.carrier.unlink(process.pid, pid)


def monitor(dest: Pid | str) -> Ref:
    """Ask for one Down(ref, dest, reason) when the process ends; each monitor has its own reference.

    A dead pid or unknown name gives Down with noproc.
    """
    me, ref, pid = running(), make_ref(), resolve(dest)
    if pid is None or (pid.target is None and is_local(pid)):
        signal_down(ref, me.pid, dest, exits.NOPROC)
        return ref
    if me.monitors is None:
        me.monitors = {}
    me.monitors[ref] = pid
    if pid.target is None:
        Net.carrier.monitor(ref, me.pid, pid)
    elif isinstance(dest, str):
        name = dest
        add_watcher(ref, lambda reason: signal_down(ref, me.pid, name, reason), pid.target)
    else:
        add_watcher(ref, me.pid, pid.target)
    return ref


def demonitor(ref: Ref, flush: bool = False) -> None:
    """End a monitor; with `flush` also take a Down of it out of the mailbox that is there already."""
    me = running()
    target = (me.monitors or {}).pop(ref, None)
    if target is not None:
        remove_watcher(ref, target)
    if flush and me._queue:
        for message in list(me._queue):
            if isinstance(message, Down) and message.ref is ref:
                me._queue.remove(message)


def exit_(pid: Pid, reason: object) -> None:
    """Send an exit signal (exit/2): `kill` cannot be trapped, `normal` is ignored by who does not trap."""
    sender = THIS.running.pid if THIS.running is not None else None
    THIS.call_on_loop(_exit, sender, pid, reason)


def _exit(sender: Pid | None, pid: Pid, reason: object) -> None:
    signal_exit(sender, pid, reason, linked=False)


def trap_exit(flag: bool = True) -> bool:
    """Turn exit signals into Exit messages, or no longer; returns what was before."""
    process = running()
    before, process.trapping = process.trapping, flag
    return before


def register(name: str, pid: Pid) -> None:
    """Give a local process a name; one name a process, one process a name.

    Raises: ValueError (badarg) if the name is taken, the process has one, is dead, or is not of this node.
    """
    process: Process | None = pid.target
    if process is None or name in NAMES or process.name is not None:
        raise ValueError(f"cannot register {name!r} for {pid}")
    NAMES[name] = pid
    process.name = name


def unregister(name: str) -> None:
    """Take a name away. Raises: ValueError (badarg) if nobody bears it."""
    pid = NAMES.pop(name, None)
    if pid is None:
        raise ValueError(f"{name!r} is not registered")
    if pid.target is not None:
        pid.target.name = None


def is_alive(pid: Pid) -> bool:
    """True while a local process lives (is_process_alive/1)."""
    return pid.target is not None


def processes() -> list[Pid]:
    """All live processes of this node, oldest first."""
    return list(PROCESSES)


async def receive(match: Callable[[object], bool] | None = None, timeout: float | None = None) -> Any:
    """The first message of the mailbox for which `match` is true, in order of arrival; the rest stays, in order.

    `timeout` in seconds: 0 polls, None waits for ever. Raises: ReceiveTimeout.
    """
    process = running()
    wait = Receive(match)
    if process._queue:
        message = wait.take(process._queue)
        if message is not NOTHING:
            process.reductions += 1
            if process.reductions % BUDGET == 0:
                await give_way()
            return message
    if timeout == 0:
        raise exits.ReceiveTimeout(timeout)
    timer = None
    if timeout is not None:
        timer = TIMERS.after(timeout, wait.future.reject, exits.ReceiveTimeout(timeout))
    process._receive = wait
    try:
        return await wait.future
    finally:
        if timer is not None:
            TIMERS.cancel(timer)


class _GiveWay:
    def __await__(self) -> Generator[None, None, None]:
        yield


def give_way() -> _GiveWay:
    """Await it to let the other ready processes run first (erlang:yield/0); long loops should, now and then."""
    return _GiveWay()


def send_after(seconds: float, dest: Pid | Name, message: object) -> TimerRef:
    """Send a message in `seconds`; nothing happens if by then the process is dead or the name is free."""
    return TIMERS.after(seconds, _send_quietly, dest, message)


def _send_quietly(dest: Pid | Name, message: object) -> None:
    pid = resolve(dest)
    if pid is not None:
        deliver(pid, message)


def cancel_timer(timer: TimerRef) -> float | None:
    """Seconds that were left, or None: it fired (its message may be in the mailbox) or was cancelled before."""
    return TIMERS.cancel(timer)


async def sleep(seconds: float) -> None:
    """Suspend the running process; its mailbox waits."""
    future: LoopFuture[None] = LoopFuture()
    TIMERS.after(seconds, future.resolve, None)
    await future


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What process_info/2 tells. `status`: running, runnable, waiting or hibernating; `reductions`: messages handled."""

    pid: Pid
    registered_name: str | None
    label: str
    status: str
    message_queue_len: int
    links: tuple[Pid, ...]
    monitors: tuple[Pid, ...]
    monitored_by: int
    trap_exit: bool
    parent: Pid | None
    reductions: int


def process_info(pid: Pid) -> ProcessInfo | None:
    """A picture of a local process, taken without asking it; None if it is dead."""
    process: Process | None = pid.target
    if process is None:
        return None
    label = process.label
    return ProcessInfo(
        pid=pid,
        registered_name=process.name,
        label=getattr(label, "__qualname__", None) or str(label or type(process).__name__),
        status=_status(process),
        message_queue_len=len(process._queue or ()),
        links=tuple(sorted(process.links or ())),
        monitors=tuple((process.monitors or {}).values()),
        monitored_by=len(process.watchers or ()),
        trap_exit=process.trapping,
        parent=process.parent,
        reductions=process.reductions,
    )


def _status(process: Process) -> str:
    if process._executing:
        return "running"
    if process._queued:
        return "runnable"
    return "hibernating" if getattr(process, "hibernated", -1) == process.reductions else "waiting"


def is_signal(message: object) -> bool:
    """True for what the runtime itself sends: Down and Exit."""
    return isinstance(message, (Down, Exit))


async def flush() -> list[Any]:
    """All messages of the mailbox, taken out (the shell's flush())."""
    process = running()
    messages = list(process._queue or ())
    if process._queue is not None:
        process._queue.clear()
    return messages
