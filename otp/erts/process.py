"""process — spawn, send, receive, links, monitors, names, timers: the functions that a process uses.

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
from threading import get_ident
from time import perf_counter
from typing import Any

from otp.erts import bifs, exits
from otp.erts.actor import PROCESSES, Process
from otp.erts.bifs import MODES, alias, demonitor, link, link_processes, monitor, unalias, unlink
from otp.erts.current import Dest, node, resolve, running, self_
from otp.erts.driven import GIVE_WAY
from otp.erts.function_process import FunctionProcess, hibernate
from otp.erts.future import LoopFuture
from otp.erts.links import Net, deliver, deliver_alias, signal_exit
from otp.erts.mailbox import NOTHING, Receive
from otp.erts.pid import Pid, Ref, is_local, make_ref
from otp.erts.process_info import ProcessInfo, process_info
from otp.erts.registry import NAMES, registered, whereis
from otp.erts.scheduler import BUDGET, SHORT, THIS
from otp.erts.signals import AliasReply, Down, Exit
from otp.erts.suggest import meant
from otp.erts.suspension import resume_process, suspend_process
from otp.erts.timer import TIMERS
from otp.erts.timer_bif import cancel_timer, monotonic_time, read_timer, send_after, start_timer

__all__ = [
    "Dest",
    "ProcessInfo",
    "alias",
    "busy_time",
    "cancel_timer",
    "demonitor",
    "erase",
    "exit_",
    "get",
    "give_way",
    "hibernate",
    "is_alive",
    "link",
    "link_processes",
    "make_ref",
    "message_queue_len",
    "monitor",
    "monotonic_time",
    "node",
    "process_flag",
    "process_info",
    "processes",
    "put",
    "read_timer",
    "receive",
    "register",
    "registered",
    "resolve",
    "resume_process",
    "running",
    "self_",
    "send",
    "send_after",
    "sleep",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "spawn_opt",
    "start_timer",
    "suspend_process",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "whereis",
]


def send(dest: Dest | Ref, message: object) -> None:
    """Put a message into a mailbox, here or on another node; from any thread. To a dead process: nothing happens.

    `dest` may be an alias, too, or (name, node), which never fails. Raises: NotRegistered if it is a name that nobody
    bears (badarg).
    """
    if type(dest) is Pid:
        target = dest.target
        if target is not None and get_ident() == THIS.thread and type(message) is not AliasReply:
            target.deliver(message)  # nearly always: a process of this node writes to another
            return
    else:
        if isinstance(dest, Ref):
            THIS.call_on_loop(_send_to_alias, dest, message)
            return
        pid = resolve(dest)
        if pid is None:
            if isinstance(dest, tuple):
                return
            raise exits.NotRegistered(dest)
        THIS.call_on_loop(deliver, pid, message)
        return
    THIS.call_on_loop(deliver, dest, message)


def _send_to_alias(ref: Ref, message: object) -> None:
    if is_local(ref):
        deliver_alias(ref.serial, message)
    else:
        Net.carrier.send(ref, message)


def message_queue_len() -> int:
    """How many messages wait for the calling process: process_info(self(), message_queue_len)."""
    me = THIS.running
    return 0 if me is None else len(me._queue or ())


def busy_time() -> float:
    """Seconds that the calling process's own code has worked until now: not those in which it waited, nor, where it ran
    for a millisecond or more, those that the machine gave to other programs or the garbage collector took.

    (BEAM counts reductions instead: process_info(self(), reductions).)
    """
    me = THIS.running
    if me is None:
        return 0.0
    ran = perf_counter() - THIS.since
    return me.busy + (ran if ran < SHORT else THIS.worked(ran, THIS.had))


def spawn(fn: Callable[..., Any], *args: Any, name: str | None = None, link: bool = False, trap: bool = False) -> Pid:
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


def spawn_opt(
    fn: Callable[..., Any],
    *args: Any,
    name: str | None = None,
    link: bool = False,
    monitor: bool | dict[str, Any] = False,
    trap: bool = False,
    max_queue: int | None = None,
) -> Pid | tuple[Pid, Ref]:
    """spawn with options; with `monitor` (True, or monitor()'s own options) it returns (Pid, Ref).

    `max_queue`: see process_flag(). Raises: AlreadyStarted; ValueError (badarg).
    """
    options = monitor if isinstance(monitor, dict) else {}
    if options.get("alias") not in (None, *MODES):
        raise ValueError(f"no such alias mode: {options['alias']!r}; {meant(options['alias'], MODES)}")
    limit = _limit(max_queue)
    pid = spawn(fn, *args, name=name, link=link, trap=trap)
    if limit is not None:
        pid.target.limit_queue(limit)
    return (pid, bifs.monitor(pid, **options)) if monitor is not False else pid


def exit_(pid: Pid, reason: object) -> None:
    """Send an exit signal (exit/2): `kill` cannot be trapped, `normal` is ignored by a process that does not trap
    exits.

    A process that so ends itself does not come back from here: its code is unwound by exits.Ended.
    """
    me = THIS.running
    THIS.call_on_loop(_exit, me.pid if me is not None else None, pid, reason)
    if me is not None and me.pid is pid and me._executing and me._doomed is not NOTHING:
        raise exits.Ended(reason)


def _exit(sender: Pid | None, pid: Pid, reason: object) -> None:
    signal_exit(sender, pid, reason, linked=False)


def trap_exit(flag: bool = True) -> bool:
    """Turn exit signals into Exit messages, or no longer; returns what was before. Raises: TypeError (badarg)."""
    if not isinstance(flag, bool):
        raise TypeError(f"trap_exit is True or False, not {flag!r}")
    process = running()
    before, process.trapping = process.trapping, flag
    return before


def process_flag(name: str, value: Any) -> Any:
    """Set a flag of the running process and return its value before: "trap_exit", or "max_queue".

    max_queue: a mailbox of more messages than that ends the process with ("max_queue", its length); None: no bound.
    Raises: ValueError for an unknown flag or a bad bound, TypeError as trap_exit().
    """
    if name == "trap_exit":
        return trap_exit(value)
    if name != "max_queue":
        raise ValueError(f"no such flag: {name!r}; {meant(name, ('trap_exit', 'max_queue'))}")
    process = running()
    before = process.max_queue
    process.limit_queue(_limit(value))
    return before


def _limit(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"no bound of a mailbox: {value!r}")
    return value


def put(key: Any, value: Any) -> Any:
    """Enter something into the process dictionary; returns what stood there, or None."""
    process = running()
    if process.dictionary is None:
        process.dictionary = {}
    before = process.dictionary.get(key)
    process.dictionary[key] = value
    return before


def get(key: Any, default: Any = None) -> Any:
    """What stands in the process dictionary under the key."""
    return (running().dictionary or {}).get(key, default)


def erase(key: Any) -> Any:
    """Take something out of the process dictionary and return it, or None."""
    return (running().dictionary or {}).pop(key, None)


def register(name: str, pid: Pid) -> None:
    """Register a local process under a name; one name a process, one process a name.

    Raises: ValueError (badarg) if the name is taken, the process has one, is dead, or is not of this node, or the
    name is no name: the empty string, or "undefined".
    """
    process: Process | None = pid.target
    wrong = not isinstance(name, str) or name in ("", "undefined")
    if process is None or wrong or name in NAMES or process.name is not None:
        raise ValueError(f"cannot register {name!r} for {pid}")
    NAMES[name] = pid
    process.name = name
    if process.tracing is not None:
        process.tracing.event(process, "register", name)


def unregister(name: str) -> None:
    """Take a name away. Raises: ValueError (badarg) if nobody has it."""
    pid = NAMES.pop(name, None)
    if pid is None:
        raise ValueError(f"{name!r} is not registered")
    process: Process | None = pid.target
    if process is not None:
        process.name = None
        if process.tracing is not None:
            process.tracing.event(process, "unregister", name)


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
    if process._doomed is not NOTHING:
        await LoopFuture()  # it is dead, and only its code does not know yet
    wait = Receive(match)
    queue = process._queue
    while queue and wait.seen < len(queue):
        message = queue.popleft() if match is None else wait.take(queue)
        if message is not NOTHING:
            process.reductions += 1
            if process.reductions % BUDGET == 0:
                await give_way()
            return message
        if wait.ahead is not None:  # a long mailbox
            await give_way()
    if timeout == 0:
        raise exits.ReceiveTimeout(timeout)
    process._receive = wait
    if timeout is None:
        return await wait.future
    timer = process._timer = TIMERS.after(timeout, _expired, process, wait, timeout)
    try:
        return await wait.future
    finally:
        process._timer = None
        TIMERS.drop(timer)


def _expired(process: Process, wait: Receive, seconds: float) -> None:
    wait.expire(seconds, process._queue)
    if not process._queued and not process._executing:
        process._queued = True
        THIS.ready(process)


class _GiveWay:
    def __await__(self) -> Generator[object, None, None]:
        yield GIVE_WAY if THIS.running is not None else None


def give_way() -> _GiveWay:
    """Await it to let the other ready processes run first (erlang:yield/0); long loops should, now and then."""
    return _GiveWay()


async def sleep(seconds: float) -> None:
    """Suspend the running process; its mailbox waits."""
    future: LoopFuture[None] = LoopFuture()
    TIMERS.after(seconds, future.resolve, None)
    await future


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
