"""signals — the messages that the runtime itself puts into a mailbox.

OTP:      {'DOWN', …}, {'EXIT', …} and timeout messages; the alias reply of gen
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from otp.erts.pid import Pid, Ref

DOWN: Final = "DOWN"


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored process ended. `pid` is what was monitored: a Pid, a name or (name, node); `tag`: monitor()'s."""

    ref: Ref
    pid: Pid | str | tuple[str, str]
    reason: object
    tag: object = DOWN


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit signal, as a process that traps exits reads it."""

    pid: Pid | None
    reason: object


@dataclass(frozen=True, slots=True)
class Timeout:
    """A timer fired that was started without a message of its own."""

    msg: object = None


@dataclass(frozen=True, slots=True)
class AliasReply:
    """An answer on its way to the caller's node. It goes to the waiting call, never into the mailbox."""

    ref: Ref
    value: object


class Tracing(Protocol):
    """Who looks on when a process is traced (otp.erts.trace)."""

    def event(self, process: Any, event: str, what: object, other: object = None) -> None: ...
