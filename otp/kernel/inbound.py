"""inbound — brings the signals in a frame to the processes of this node.

OTP:      erts_net_message (dist.c)
Way:      link (a frame) → [inbound] → mailbox
Process:  none: runs when the socket has been read
"""

from __future__ import annotations

import logging
from typing import Any

from otp.erts import exits
from otp.erts.actor import Process
from otp.erts.links import add_watcher, deliver, remove_watcher, signal_down, signal_exit, tie, untie
from otp.erts.pid import HERE, Pid, intern, intern_ref
from otp.erts.registry import NAMES
from otp.kernel import held
from otp.kernel.codec import MalformedFrame, UnknownClass, pack, unpack
from otp.kernel.dist_entry import DEMONITOR, DOWN, EXIT, LINK, MONITOR, SEND, SEND_NAME, TAKEN, UNLINK, DistEntry

log = logging.getLogger("otp.net_kernel")


def receive(entry: DistEntry, frame: Any) -> None:
    """Carry out one frame. A class that is not loaded here loses its message, with an error in the log.

    Raises: MalformedFrame: not what a node of ours writes.
    """
    try:
        _receive(entry, frame)
    except UnknownClass as exc:
        log.error("a signal from %s is lost: %s", entry.name, exc)


def _receive(entry: DistEntry, frame: Any) -> None:
    if type(frame) is list and len(frame) == 3 and frame[0] == SEND and type(frame[1]) is int:
        deliver(intern(HERE.node, HERE.creation, frame[1]), unpack(frame[2]))  # first: there are so many
        return
    match frame:
        case [op, str(name), packed] if op == SEND_NAME:
            pid = NAMES.get(name)
            if pid is not None:  # else it need not be understood here
                deliver(pid, unpack(packed))
        case [op, int(from_), int(to)] if op == LINK:
            _link(entry, entry.pid(from_), _here(to))
        case [op, int(from_), int(to)] if op == UNLINK:
            _unlink(entry, entry.pid(from_), _here(to))
        case [op, int() | None as from_, int(to), bool(linked), packed] if op == EXIT:
            _exit(entry, None if from_ is None else entry.pid(from_), _here(to), linked, unpack(packed))
        case [op, int(ref), int(watcher), int(target)] if op == MONITOR:
            _monitor(entry, ref, entry.pid(watcher), _here(target))
        case [op, int(ref), int(watcher), str(name)] if op == MONITOR:
            _monitor(entry, ref, entry.pid(watcher), NAMES.get(name))
        case [op, int(octets)] if op == TAKEN:
            held.taken(entry.held, octets)
        case [op, int(ref)] if op == DEMONITOR:
            _demonitor(entry, ref)
        case [op, int(ref), packed] if op == DOWN:
            _down(entry, ref, unpack(packed))
        case _:
            raise MalformedFrame(f"no signal: {str(frame)[:100]}")


def _here(serial: int) -> Pid:
    return intern(HERE.node, HERE.creation, serial)


def _link(entry: DistEntry, theirs: Pid, ours: Pid) -> None:
    process: Process | None = ours.target
    if process is None:
        entry.link.post((EXIT, ours.serial, theirs.serial, True, exits.NOPROC))
        return
    tie(process, theirs)
    entry.linked.add((ours, theirs))


def _unlink(entry: DistEntry, theirs: Pid, ours: Pid) -> None:
    entry.linked.discard((ours, theirs))
    process: Process | None = ours.target
    if process is not None:
        untie(process, theirs)


def _exit(entry: DistEntry, theirs: Pid | None, ours: Pid, linked: bool, reason: object) -> None:
    if linked and theirs is not None:
        entry.linked.discard((ours, theirs))
    signal_exit(theirs, ours, reason, linked=linked)


def _monitor(entry: DistEntry, serial: int, watcher: Pid, target: Pid | None) -> None:
    process: Process | None = target.target if target is not None else None
    if process is None or target is None:
        entry.link.post((DOWN, serial, pack(exits.NOPROC)))
        return
    ref = intern_ref(entry.name, entry.creation, serial)
    entry.watched_by_them[serial] = (ref, target)
    add_watcher(ref, watcher, process)


def _demonitor(entry: DistEntry, serial: int) -> None:
    ref, target = entry.watched_by_them.pop(serial, (None, None))
    if ref is not None and target is not None:
        remove_watcher(ref, target)


def _down(entry: DistEntry, serial: int, reason: object) -> None:
    watch = entry.watched_by_us.pop(serial, None)
    if watch is not None:
        ref, watcher, target = watch
        signal_down(ref, watcher, target, reason)
