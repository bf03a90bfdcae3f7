"""verified — remembers for a minute which passwords were found right, so that PBKDF2 is not paid again.

OTP:      cf. ejabberd's auth_cache
Way:      auth_internal.check_plain → [verified] → PBKDF2 in a thread, when it is not known
Process:  none; one per node, held by auth's state
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict


class Verified:
    """Marks of verified passwords: HMACs under a key that exists only in this process, never the passwords.

    The mark covers the stored key, so that a changed password makes the old mark worthless at once, on every node.
    """

    __slots__ = ("_bound", "_key", "_marks", "_seconds")

    def __init__(self, seconds: float = 60.0, bound: int = 10_000) -> None:
        self._key = secrets.token_bytes(32)
        self._seconds, self._bound = seconds, bound
        self._marks: OrderedDict[bytes, float] = OrderedDict()

    def mark(self, stored: str, password: str) -> bytes:
        """What stands for (these stored keys, this password). The keys' salt makes it the account's own."""
        return hmac.digest(self._key, f"{stored}\0{password}".encode(), "sha256")

    def knows(self, mark: bytes, now: float) -> bool:
        """Whether the mark was added less than `seconds` ago; `now` in seconds of a monotonic clock."""
        return self._marks.get(mark, now) > now

    def add(self, mark: bytes, now: float) -> None:
        """Remember the mark; the oldest is forgotten when there are too many."""
        self._marks[mark] = now + self._seconds
        self._marks.move_to_end(mark)
        if len(self._marks) > self._bound:
            self._marks.popitem(last=False)

    def __len__(self) -> int:
        return len(self._marks)
