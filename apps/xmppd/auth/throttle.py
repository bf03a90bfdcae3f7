"""throttle — limits how often something may be tried, by account, by address.

OTP:      cf. ejabberd's mod_fail2ban and shaper
Way:      c2s: may this address or account try again? → [throttle] → SASL, or <temporary-auth-failure/>
RFC:      6120 §6.4.5 (tries on one stream), §13.12 (denial of service)
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address


class Throttle:
    """Token buckets by key. The clock is an argument: seconds, monotonic.

    A bucket holds `burst` tokens and wins back `rate` a second. A full bucket is forgotten, so that only keys in
    use take memory; of more than `bound` keys the one used longest ago is forgotten.
    """

    __slots__ = ("_bound", "_buckets", "burst", "rate")

    def __init__(self, rate: float, burst: float, bound: int = 10_000) -> None:
        self.rate, self.burst, self._bound = rate, burst, bound
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, key: str, now: float) -> float:
        """The tokens that the key has."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return self.burst
        tokens, since = bucket
        return min(self.burst, tokens + max(0.0, now - since) * self.rate)

    def allows(self, key: str, now: float) -> bool:
        """Whether a token is left; takes none. For tries of which only failures count."""
        return self.level(key, now) >= 1

    def take(self, key: str, now: float) -> bool:
        """Take a token; False, and none taken, if there is no whole one."""
        level = self.level(key, now)
        if level < 1:
            return False
        self._buckets[key] = (level - 1, now)
        self._buckets.move_to_end(key)
        self._trim(now)
        return True

    def wait(self, key: str, now: float) -> float:
        """Seconds until a token is there; 0 if one is."""
        return max(0.0, (1 - self.level(key, now)) / self.rate)

    def forget(self, key: str) -> None:
        """Fill the key's bucket, as after a success."""
        self._buckets.pop(key, None)

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
