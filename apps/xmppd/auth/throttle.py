"""throttle — who tries too often: answers that come later and later, or no more for a while; by account, by address.

OTP:      cf. ejabberd's mod_fail2ban and shaper
Way:      c2s_auth: how long is this answer held back? · mod_register: may this address have another account?
RFC:      6120 §6.4.5 (tries on one stream), §13.12 (denial of service)

A wrong password empties buckets that others share: those of the account, and of the address. So a login is never
refused for what others have tried: its answer is late, the more the emptier a bucket is, and never more than `longest`
seconds, and the verdict does not depend on it. What is left to somebody who guesses is `streams / longest` tries a
second; net.connection_limits bounds the streams of an address that have not logged in, and with them whatever waits
here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

#: seconds that an answer is held back at most
LONGEST: Final = 5.0


class Throttle:
    """Token buckets by key. The clock is an argument: seconds, monotonic.

    A bucket holds `burst` tokens and wins back `rate` a second. A full bucket is forgotten, so that only keys in
    use take memory; of more than `bound` keys the one used longest ago is forgotten.
    """

    __slots__ = ("_bound", "_buckets", "burst", "longest", "rate")

    def __init__(self, rate: float, burst: float, bound: int = 10_000, longest: float = LONGEST) -> None:
        self.rate, self.burst, self.longest, self._bound = rate, burst, longest, bound
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, key: str, now: float) -> float:
        """The tokens that the key has."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return self.burst
        tokens, since = bucket
        return min(self.burst, tokens + max(0.0, now - since) * self.rate)

    def take(self, key: str, now: float) -> bool:
        """Take a token; False, and none taken, if there is no whole one."""
        level = self.level(key, now)
        if level < 1:
            return False
        self._keep(key, level - 1, now)
        return True

    def spend(self, key: str, now: float) -> None:
        """Take a token, or what is left of one."""
        self._keep(key, max(0.0, self.level(key, now) - 1), now)

    def delay(self, keys: Iterable[str], now: float) -> float:
        """Seconds to hold an answer back: by the emptiest of these buckets, with the square of what is spent of it.

        The slip of a finger costs nothing that is felt; an empty bucket costs `longest`.
        """
        spent = max((1 - self.level(key, now) / self.burst for key in keys), default=0.0)
        return float(self.longest * spent**2)

    def wait(self, key: str, now: float) -> float:
        """Seconds until a token is there; 0 if one is."""
        return max(0.0, (1 - self.level(key, now)) / self.rate)

    def _keep(self, key: str, tokens: float, now: float) -> None:
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        self._trim(now)

    def _trim(self, now: float) -> None:
        """Drop from the old end what is full again, two a call, and what exceeds the bound."""
        for _ in range(2):
            oldest = next(iter(self._buckets))
            if len(self._buckets) <= self._bound and self.level(oldest, now) < self.burst:
                return
            del self._buckets[oldest]
            if not self._buckets:
                return

    def __len__(self) -> int:
        return len(self._buckets)


@lru_cache(256)
def hourly(of: str, times: int) -> Throttle:
    """The worker's budget for what `of` names: so many times an hour for each key, and so many at once."""
    return Throttle(times / 3600, times)


def address_key(address: str) -> str:
    """The key of a peer's address: an IPv4 address, or the /64 of an IPv6 one, which is what one host is given."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if mapped := getattr(ip, "ipv4_mapped", None):
        return str(mapped)
    return f"{(int(ip) >> 64):016x}/64"


def is_loopback(address: str) -> bool:
    """True for this machine's own addresses, also mapped into IPv6: proxies and tests come from there."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return bool((getattr(ip, "ipv4_mapped", None) or ip).is_loopback)
