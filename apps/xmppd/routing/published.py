"""published — what a module lets every node know of a session, such as that it wants copies of messages.

    CARBONS = Published("carbons", False)         # in the module's file

    await sm.publish(session, CARBONS, True)      # in the session's c2s: when it returns every node knows
    CARBONS.of(row)                               # anywhere, of any row of `sm`, without asking a process

It lies in the session's row, survives a restart of the session manager, and goes with the session. Values are small:
what is large belongs to the module's tables, and its key or hash here.

Way:      a module → sm.publish → the directory → Session.published → [Published.of], on any node
OTP:      cf. the info of a #session in ejabberd_sm, set_session's last argument
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, cast

from otp.kernel import codec
from xmppd.routing.session import Session, shared

V = TypeVar("V")
#: bytes that a value has at most when it crosses between nodes
MOST_BYTES: Final = 256


class Published(Generic[V]):
    """A property of sessions, declared by the module that publishes it; `name` is the module's, or begins with it.

    `default` is what a session has of which nothing is published; its type is that of the values: bool, int, str, or a
    tuple of these.
    """

    __slots__ = ("default", "name")

    def __init__(self, name: str, default: V) -> None:
        self.name, self.default = name, default

    def of(self, row: Session) -> V:
        """The value that a session has."""
        for name, value in row.published:
            if name == self.name:
                return cast(V, value)
        return self.default

    def pairs(self, row: Session, value: V) -> tuple[tuple[str, Any], ...]:
        """`row.published` with this value. Raises ValueError if it is too large."""
        if type(value) is not type(self.default) or len(codec.encode(value)) > MOST_BYTES:
            kind = type(self.default).__name__
            raise ValueError(f"{self.name} is to be a {kind} of at most {MOST_BYTES} bytes, not {str(value)[:80]!r}")
        rest = [pair for pair in row.published if pair[0] != self.name]
        return shared(*sorted([*rest, (self.name, value)] if value != self.default else rest))

    def __repr__(self) -> str:
        return f"Published({self.name})"
