"""bifs — the built-in functions that hold processes together: link, monitor, alias, and their opposites.

OTP:      link/1, unlink/1, monitor/2,3, demonitor/2, alias/1, unalias/1
Differs:  a tag given to monitor() stands in Down.tag; an alias is a Ref, and process.send() takes it
Process:  none; all of it is done for the running process
"""

from __future__ import annotations

from typing import Any, Final

from otp.erts import aliases, exits
from otp.erts.actor import Process
from otp.erts.current import Dest, resolve, running
from otp.erts.links import Net, add_watcher, remove_watcher, signal_down, signal_exit, tie, untie
from otp.erts.pid import Pid, Ref, is_local, make_ref
from otp.erts.registry import Via
from otp.erts.signals import Down
from otp.erts.suggest import meant

MODES: Final = ("explicit_unalias", "demonitor", "reply_demonitor")


def link_processes(process: Process, other: Pid) -> None:
    """Link a given local process with another; link() is this for the running one. Raises: NoProcess, as that."""
    if other is process.pid or (process.links is not None and other in process.links):
        return
    target: Process | None = other.target
    if target is None and is_local(other) and not process.trapping:
        raise exits.NoProcess
    tie(process, other)
    if process.tracing is not None:
        process.tracing.event(process, "link", other)
    if target is not None:
        tie(target, process.pid)
        if target.tracing is not None:
            target.tracing.event(target, "getting_linked", process.pid)
    elif is_local(other):
        signal_exit(other, process.pid, exits.NOPROC, linked=True)
    else:
        Net.carrier.link(process.pid, other)


def link(pid: Pid) -> None:
    """Link the running process with another, both ways; idempotent.

    A dead one of this node: a process that traps exits gets Exit(pid, "noproc"), to others NoProcess is raised. One of
    another node answers with an exit signal, noproc or noconnection.
    """
    link_processes(running(), pid)


def unlink(pid: Pid) -> None:
    """Take the link away: no exit signal of it arrives afterwards."""
    process = running()
    if not untie(process, pid):
        return
    if process.tracing is not None:
        process.tracing.event(process, "unlink", pid)
    target: Process | None = pid.target
    if target is not None:
        untie(target, process.pid)
        if target.tracing is not None:
            target.tracing.event(target, "getting_unlinked", process.pid)
    elif not is_local(pid):
        Net.carrier.unlink(process.pid, pid)


def monitor(dest: Dest, *, tag: Any = None, alias: str | None = None) -> Ref:
    """Ask for one Down(ref, dest, reason) when the process ends; each monitor has its own reference.

    A dead pid or unknown name gives Down with noproc; (name, node) is the process of that name there now. `tag` is put
    into Down.tag. With `alias` the reference is an alias of the running process as well: "explicit_unalias" (until
    unalias()), "demonitor" (until the monitor ends), "reply_demonitor" (likewise, and the first message through it ends
    both). Raises: ValueError for another one; TypeError for what is no destination.
    """
    if alias is not None and alias not in MODES:
        raise ValueError(f"no such alias mode: {alias!r}; {meant(alias, MODES)}")
    me, ref, pid = running(), make_ref(), resolve(dest)
    named: Any = dest.name if isinstance(dest, Via) else dest
    if tag is not None:
        me.tags = {**(me.tags or {}), ref: tag}
    if alias is not None:
        aliases.enter(ref, me, alias)
    if pid is None or (pid.target is None and is_local(pid)):
        signal_down(ref, me.pid, named, exits.NOPROC)
        return ref
    if me.monitors is None:
        me.monitors = {}
    me.monitors[ref] = pid
    if pid.target is None:
        Net.carrier.monitor(ref, me.pid, pid)
    elif named is not pid:
        add_watcher(ref, lambda reason: signal_down(ref, me.pid, named, reason), pid.target)
    else:
        add_watcher(ref, me.pid, pid.target)
    return ref


def demonitor(ref: Ref, flush: bool = False) -> bool:
    """End a monitor; with `flush` also take a Down of it out of the mailbox that is there already.

    True if the monitor was there, so that no Down of it was or will be sent. Raises: TypeError for what is no
    reference, ValueError for a reference of another node's.
    """
    if not isinstance(ref, Ref):
        raise TypeError(f"{ref!r} is not a reference")
    me = running()
    target = (me.monitors or {}).pop(ref, None)
    if me.tags is not None:
        me.tags.pop(ref, None)
    aliases.ended(ref)
    if target is not None:
        remove_watcher(ref, target)
    if flush and me._queue:
        for message in list(me._queue):
            if isinstance(message, Down) and message.ref is ref:
                me._queue.remove(message)
    return target is not None


def alias(*, reply: bool = False) -> Ref:
    """A reference to which messages for the running process can be sent, until unalias(); `reply`: only one."""
    ref = make_ref()
    aliases.enter(ref, running(), "reply" if reply else "explicit_unalias")
    return ref


def unalias(ref: Ref) -> bool:
    """Take an alias of the running process away: what is sent to it from now on is dropped. False if it was none."""
    return aliases.remove(ref, running())
