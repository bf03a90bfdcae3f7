"""dist_entry — one life of another node: the link to it, and the links and monitors across it.

OTP:      a dist entry with its monitor and link tables
Process:  none: carrier and inbound write it

A frame is [op, …]. Serials stand for pids and references: whose node and creation they are is known from the link,
which was made with one life of the peer.

    SEND       to, message                      UNLINK     from, to
    SEND_NAME  name, message                    EXIT       from or nil, to, linked, reason
    LINK       from, to                         MONITOR    ref, watcher, target or its name
    DOWN       ref, reason                      DEMONITOR  ref
    TAKEN      octets: so many of the peer's have been taken since the link was made; also a sign of life
"""

from __future__ import annotations

from collections import deque

from otp.erts.pid import NameAt, Pid, Ref, intern
from otp.kernel.held import Entry
from otp.kernel.link import Link

SEND, SEND_NAME, LINK, UNLINK, EXIT, MONITOR, DEMONITOR, DOWN, TAKEN = range(9)


class DistEntry:
    """One life of another node. `held`: the messages it has not yet said to have taken, of those that are kept."""

    __slots__ = ("creation", "held", "link", "linked", "name", "silent", "watched_by_them", "watched_by_us")

    def __init__(self, name: str, creation: int, link: Link) -> None:
        self.name, self.creation, self.link = name, creation, link
        self.held: deque[Entry] = deque()
        self.silent = 0.0  # seconds without a sign of life
        self.linked: set[tuple[Pid, Pid]] = set()  # (ours, theirs)
        self.watched_by_us: dict[int, tuple[Ref, Pid, Pid | NameAt]] = {}  # serial of ref -> ref, watcher, target
        self.watched_by_them: dict[int, tuple[Ref, Pid]] = {}  # serial of ref -> ref, target

    def pid(self, serial: int) -> Pid:
        """A process over there."""
        return intern(self.name, self.creation, serial)
