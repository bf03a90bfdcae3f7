"""connection_limits — how many connections may be open: in all, per address, and before login.

OTP:      cf. max_connections of ranch
Way:      net.acceptor → [connection_limits] → net.transport (gives the place back when its socket is gone)
Process:  none: one value per worker, on the loop's thread
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from xmppd import limits_hit
from xmppd.metrics import Cell


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections a worker takes.

    `total`: all; `unauthenticated`: those that have not logged in; `unauthenticated_per_address` and `per_address`: of
    one IPv4 address or one /64 of IPv6, None for no limit.
    """

    total: int = 50_000
    unauthenticated: int = 5_000
    unauthenticated_per_address: int | None = 50
    per_address: int | None = None


@dataclass(slots=True)
class OpenConnections:
    """Counts what is open. When too many have not logged in, in all or of one address, the oldest of them has to go:
    who only holds connections keeps nobody else behind the same address out. One whose login is being judged stays: to
    be sent away would be the answer, and sooner than it is due.

    While `held` nobody is accepted: who comes waits in the kernel's backlog (node.memory_watch)."""

    limits: ConnectionLimits = ConnectionLimits()
    open: int = 0
    refused: int = 0
    held: bool = False
    by_address: Counter[str] = field(default_factory=Counter)
    unauthenticated_by_address: dict[str, dict[Slot, None]] = field(default_factory=dict)
    unauthenticated: dict[Slot, None] = field(default_factory=dict)

    def admit(self, ip: str) -> Slot | None:
        """A place for a new connection from `ip`, or None: it is to be closed without a word."""
        key, limits = group(ip), self.limits
        met = self._met(key)
        if met is not None:
            self.refused += 1
            met.n += 1
            return None
        if len(self.unauthenticated) >= limits.unauthenticated:
            limits_hit.UNAUTHENTICATED.n += 1
            _send_away(next(iter(self.unauthenticated)))
        slot = Slot(self, key)
        self.open += 1
        self.by_address[key] += 1
        self.unauthenticated_by_address.setdefault(key, {})[slot] = None
        self.unauthenticated[slot] = None
        return slot

    def _met(self, key: str) -> Cell | None:
        """The limit that keeps another of an address out."""
        if self.open >= self.limits.total:
            return limits_hit.CONNECTIONS
        if _full(self.by_address, key, self.limits.per_address):
            return limits_hit.ADDRESS
        return None if self._has_room(key) else limits_hit.UNAUTHENTICATED_ADDRESS

    def _has_room(self, key: str) -> bool:
        """Whether one more of an address may come without a login; its oldest that is not being judged makes room."""
        most, there = self.limits.unauthenticated_per_address, self.unauthenticated_by_address.get(key, {})
        if most is None or len(there) < most or is_loopback(key):
            return True
        oldest = next((slot for slot in there if not slot.judged), None)
        if oldest is not None:
            limits_hit.UNAUTHENTICATED_ADDRESS.n += 1
            _send_away(oldest)
        return oldest is not None


def _send_away(slot: Slot) -> None:
    evict = slot.evict
    slot.authenticated()
    evict()


class Slot:
    """One connection's place. `evict` closes the connection; set by its holder. `judged`: a login waits for its
    answer."""

    __slots__ = ("_connections", "_held", "_key", "_unauthenticated", "evict", "judged")

    def __init__(self, connections: OpenConnections, key: str) -> None:
        self._connections, self._key = connections, key
        self._held = self._unauthenticated = True
        self.judged = False
        self.evict: Callable[[], None] = _stay

    def authenticated(self) -> None:
        """Whoever is behind this connection has authenticated: it counts as unauthenticated no longer."""
        if self._unauthenticated:
            self._unauthenticated = False
            self.evict = _stay
            self._connections.unauthenticated.pop(self, None)
            there = self._connections.unauthenticated_by_address[self._key]
            del there[self]
            if not there:
                del self._connections.unauthenticated_by_address[self._key]

    def release(self) -> None:
        """The connection is gone; idempotent."""
        if self._held:
            self._held = False
            self.authenticated()
            self._connections.open -= 1
            _less(self._connections.by_address, self._key)


def _stay() -> None:
    """A connection that has logged in is not evicted."""


def group(ip: str) -> str:
    """What counts as one address: an IPv4 address (also mapped into IPv6), the /64 of an IPv6 one."""
    if ":" not in ip:
        return ip
    address = ipaddress.IPv6Address(ip.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))


def is_loopback(key: str) -> bool:
    """True for this machine's own addresses, which share no limit: proxies and tests come from there."""
    return key.startswith("127.") or key == "::"


def _full(counts: Counter[str], key: str, limit: int | None) -> bool:
    return limit is not None and counts.get(key, 0) >= limit


def _less(counts: Counter[str], key: str) -> None:
    if counts[key] > 1:
        counts[key] -= 1
    else:
        del counts[key]
