"""carrier — takes signals to other nodes and brings theirs in: send, link, monitor, exit.

OTP:      the distribution part of erts (dist.c): DOP_SEND, DOP_LINK, DOP_MONITOR_P, …
Way:      erts (Net.carrier) → [carrier] → link … link → inbound → erts
Process:  none: called on the loop's thread by erts and by links; net_kernel owns it
Differs:  a node that is not connected is out of reach at once (nothing is dialled on demand: the mesh is full)

A pid of an earlier life of a node names no process: what is sent to it is dropped, or given back (held).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from otp.erts import exits
from otp.erts.links import remove_watcher, signal_down, signal_exit
from otp.erts.pid import ANY_LIFE, HERE, NameAt, Pid, Ref, abroad
from otp.kernel import held, inbound
from otp.kernel.codec import pack, printable
from otp.kernel.dist_entry import DEMONITOR, DOWN, EXIT, LINK, MONITOR, SEND, SEND_NAME, TAKEN, UNLINK, DistEntry
from otp.kernel.handshake import HandshakeError
from otp.kernel.held import KEPT, LIMBO, TOOK, Limbo
from otp.kernel.link import Link
from otp.kernel.node import BOOK

log = logging.getLogger("otp.net_kernel")
#: octets that are no more than a peer's sign of life
_SIGN = 24


class Mesh:
    """The carrier of a node and the owner of its links (otp.erts.links.Carrier, otp.kernel.link.Owner)."""

    def __init__(self, on_down: Callable[[str], None], on_refused: Callable[[Link, str], None]) -> None:
        self.on_down, self.on_refused = on_down, on_refused
        self.entries: dict[str, DistEntry] = {}
        self.latest: dict[str, int] = {}  # highest creation seen of each name

    # -- outwards: what erts asks for

    def send(self, to: Pid | NameAt | Ref, message: object) -> None:
        """To a process, a name or an alias; lost if the node is out of reach, but for what is kept (otp.kernel.held).

        Raises CodecError if it may not cross.
        """
        entry = self.entries.get(to.node)
        if isinstance(to, NameAt):
            if entry is not None:
                entry.link.post((SEND_NAME, to.name, pack(message)))
        elif entry is not None and entry.creation == to.creation:
            entry.link.post((SEND, to.serial, pack(message)))
            if type(message) in KEPT:
                entry.held.append((entry.link.posted, to, message))
        elif type(message) in KEPT:
            held.strand(to, message)

    def link(self, from_: Pid, to: Pid) -> None:
        """A link; out of reach: answered with an exit signal."""
        entry = self._reach(to)
        if entry is None:
            signal_exit(to, from_, self._unreachable(to), linked=True)
            return
        entry.linked.add((from_, to))
        entry.link.post((LINK, abroad(from_), to.serial))

    def unlink(self, from_: Pid, to: Pid) -> None:
        """The end of a link."""
        entry = self._reach(to)
        if entry is not None:
            entry.linked.discard((from_, to))
            entry.link.post((UNLINK, abroad(from_), to.serial))

    def exit_(self, from_: Pid | None, to: Pid, reason: object, linked: bool) -> None:
        """An exit signal, of a link or of exit_(); a reason that may not cross goes as text."""
        entry = self._reach(to)
        if entry is None:
            return
        if linked and from_ is not None:
            entry.linked.discard((from_, to))
        serial = None if from_ is None else abroad(from_)
        entry.link.post((EXIT, serial, to.serial, linked, pack(printable(reason))))

    def monitor(self, ref: Ref, watcher: Pid, target: Pid | NameAt) -> None:
        """A monitor, of a process or of the process that has a name now; out of reach: answered with Down."""
        entry = self._reach(target)
        if entry is None:
            signal_down(ref, watcher, target, self._unreachable(target))
            return
        entry.watched_by_us[ref.serial] = (ref, watcher, target)
        entry.link.post((MONITOR, ref.serial, abroad(watcher), target.serial))

    def demonitor(self, ref: Ref, target: Pid | NameAt) -> None:
        """The end of a monitor of ours."""
        entry = self._reach(target)
        if entry is not None and entry.watched_by_us.pop(ref.serial, None) is not None:
            entry.link.post((DEMONITOR, ref.serial))

    def down(self, ref: Ref, watcher: Pid, target: Pid, reason: object) -> None:
        """The answer to a monitor of theirs."""
        entry = self._reach(watcher)
        if entry is not None and entry.watched_by_them.pop(ref.serial, None) is not None:
            entry.link.post((DOWN, ref.serial, pack(printable(reason))))

    def nodes(self) -> list[str]:
        """Who is connected."""
        return list(self.entries)

    def _reach(self, pid: Pid | NameAt) -> DistEntry | None:
        entry = self.entries.get(pid.node)
        return entry if entry is not None and pid.creation in (entry.creation, ANY_LIFE) else None

    def _unreachable(self, pid: Pid | NameAt) -> str:
        # an earlier life, ours or of a connected node: certainly dead
        known = pid.node in self.entries or pid.node == HERE.node
        return exits.NOPROC if known else exits.NOCONNECTION

    # -- links come and go

    def link_up(self, link: Link) -> None:
        """A peer has proved who it is: a newer life ends the older one. Raises HandshakeError for a stale one."""
        name, creation = link.peer.name, link.peer.creation
        latest = self.latest.get(name, 0)
        if creation < latest:
            raise HandshakeError(f"{name} of generation {creation} is stale: {latest} was here")
        old = self.entries.get(name)
        if old is not None:
            old.link.drop(f"{name} has connected again")
        self.latest[name] = creation
        self.entries[name] = DistEntry(name, creation, link)
        self._resume(self.entries[name])
        log.info("node %s (generation %d) is up", name, creation)
        BOOK.up(name, creation)

    def _resume(self, entry: DistEntry) -> None:
        """What the last link to this life held and the node has not taken goes first; an earlier life takes nothing."""
        limbo = LIMBO.get(entry.name)
        if limbo is None or limbo.creation != entry.creation:
            held.give_back(entry.name)
            return
        del LIMBO[entry.name]
        held.taken(limbo.entries, entry.link.handshake.peer_took)
        for _, to, message in limbo.entries:
            self.send(to, message)

    def took(self, name: str, creation: int) -> int:
        """How many octets were taken of the last link with this life of a node; one that still stands ends."""
        entry = self.entries.get(name)
        if entry is not None and entry.creation == creation:
            entry.link.drop(f"{name} has connected again")
        known, octets = TOOK.get(name, (0, 0))
        return octets if known == creation else 0

    def link_read(self, link: Link) -> None:
        """The peer is to know what has been taken; a mere sign of life is not worth an answer."""
        if link.untold > _SIGN:
            link.post((TAKEN, link.told()))

    def beat(self, seconds: float, most: float) -> None:
        """`seconds` have gone by: give each node a sign of life, and drop those that have given none for `most`."""
        for entry in list(self.entries.values()):
            entry.silent = 0.0 if entry.link.heard else entry.silent + seconds
            entry.link.heard = False
            if entry.silent >= most:
                BOOK.silent[entry.name] = entry.creation
                entry.link.drop(f"no sign of life for {entry.silent:.1f} s")
            else:
                entry.link.post((TAKEN, entry.link.told()))

    def link_frame(self, link: Link, frame: Any) -> None:
        """A signal from an established peer. Raises MalformedFrame to drop the link."""
        inbound.receive(self.entries[link.peer.name], frame)

    def link_down(self, link: Link, why: str) -> None:
        """A link is gone: every tie to that life of the node breaks with noconnection, then NodeDown."""
        entry = self.entries.get(link.peer.name) if link.established else None
        if entry is None or entry.link is not link:
            self.on_refused(link, why)
            return
        del self.entries[entry.name]
        TOOK[entry.name] = (entry.creation, link.taken)
        LIMBO[entry.name] = Limbo(entry.creation, link.sent, entry.held)
        log.warning("node %s (generation %d) is down: %s", entry.name, entry.creation, why)
        for ref, ours in entry.watched_by_them.values():
            remove_watcher(ref, ours)
        for ref, watcher, target in entry.watched_by_us.values():
            signal_down(ref, watcher, target, exits.NOCONNECTION)
        for ours, theirs in entry.linked:
            signal_exit(theirs, ours, exits.NOCONNECTION, linked=True)
        BOOK.down(entry.name, entry.creation)
        self.on_down(entry.name)
