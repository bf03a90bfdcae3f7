"""exits — why a process ended, as values that may cross nodes.

OTP:      exit reasons (module erlang: exit/1, exit/2), with the words of the Erlang reference manual
Differs:  an atom is a str, a tuple a tuple; an uncaught exception is a Crash that carries its traceback as text
"""

from __future__ import annotations

import traceback as _traceback
from dataclasses import dataclass, field
from typing import Final

NORMAL: Final = "normal"
SHUTDOWN: Final = "shutdown"
KILL: Final = "kill"
KILLED: Final = "killed"
NOPROC: Final = "noproc"
NOCONNECTION: Final = "noconnection"
TIMEOUT: Final = "timeout"


@dataclass(frozen=True, slots=True)
class Crash:
    """The reason of a process that ended by an exception of its code.

    Attributes: `kind` (name of the exception's class), `text` (its message), `traceback` (as printed; not compared).
    """

    kind: str
    text: str
    traceback: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}" if self.text else self.kind


def crash(exc: BaseException) -> Crash:
    """The reason that stands for an uncaught exception."""
    text = "".join(_traceback.format_exception(type(exc), exc, exc.__traceback__, limit=-30))
    return Crash(type(exc).__name__, str(exc), text)


def shutdown(why: object) -> tuple[str, object]:
    """The reason {shutdown, Why}: an orderly end that says more."""
    return (SHUTDOWN, why)


def is_clean(reason: object) -> bool:
    """True for normal, shutdown and {shutdown, _}: no report is written, a transient child is not restarted."""
    if isinstance(reason, tuple):
        return len(reason) == 2 and reason[0] == SHUTDOWN
    return reason in (NORMAL, SHUTDOWN)


class ProcessExit(Exception):
    """Raise it to end the running process with `reason` (erlang:exit/1)."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


class CallError(ProcessExit):
    """A call that got no answer. `why` is timeout, noproc, noconnection, calling_self or the server's exit reason.

    Not caught, it ends the caller with {why, {call, dest, request}}, as gen_server:call/3 does.
    """

    def __init__(self, why: object, dest: object, request: object) -> None:
        super().__init__((why, ("call", str(dest), repr(request)[:200])))
        self.why = why


class StartError(Exception):
    """start or start_link did not bring a process to life: {error, reason}."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


class AlreadyStarted(StartError):
    """The name is taken: {error, {already_started, pid}}."""

    def __init__(self, pid: object) -> None:
        super().__init__(("already_started", pid))
        self.pid = pid


class NotRegistered(LookupError):
    """A message was sent to a name that nobody bears (badarg)."""


class NotAProcess(RuntimeError):
    """The function needs a running process around it: self_(), link(), receive() …"""


class ReceiveTimeout(Exception):
    """receive() waited as long as it was told to: the `after` clause."""


def reason_of(exc: BaseException) -> object:
    """The exit reason that an exception leaving a process's code amounts to."""
    return exc.reason if isinstance(exc, ProcessExit) else crash(exc)
