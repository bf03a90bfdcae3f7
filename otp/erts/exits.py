"""exits — why a process ended, as values that may cross nodes.

OTP:      exit reasons (module erlang: exit/1, exit/2), with the words of the Erlang reference manual
Differs:  an atom is a str, a tuple a tuple; an uncaught exception is a Crash that carries its traceback as text
"""

from __future__ import annotations

import traceback as _traceback
from dataclasses import dataclass, field
from typing import Final

from otp.erts.scheduler import THIS

NORMAL: Final = "normal"
SHUTDOWN: Final = "shutdown"
KILL: Final = "kill"
KILLED: Final = "killed"
NOPROC: Final = "noproc"
NOCONNECTION: Final = "noconnection"
TIMEOUT: Final = "timeout"
#: characters of a reason in a log line
BRIEF: Final = 500


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


def brief(reason: object) -> str:
    """A reason in one short line: the terms it holds may be long."""
    text = str(reason)
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"


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
        super().__init__((why, ("call", dest, request)))
        self.why = why

    def __str__(self) -> str:
        return brief(self.reason)


class NoProcess(ProcessExit):
    """The running process, which does not trap exits, would link with one that is dead (error noproc)."""

    def __init__(self) -> None:
        super().__init__(NOPROC)


class Unwinding(BaseException):
    """Raised to take the code of a process off the stack: it is no failure, and nobody catches it."""


class Ended(Unwinding):
    """Raised in a process that has ended itself by an exit signal: nothing of it runs any more."""


class StartError(Exception):
    """start or start_link did not bring a process to life: {error, reason}."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


class DiedAtStart(StartError):
    """The process ended before it could say how its start went."""


class Ignored(StartError):
    """init said IGNORE: there is no process, and it is no failure. A supervisor goes on without that child."""

    def __init__(self) -> None:
        super().__init__("ignore")


class AlreadyStarted(StartError):
    """The name is taken: {error, {already_started, pid}}."""

    def __init__(self, pid: object) -> None:
        super().__init__(("already_started", pid))
        self.pid = pid


class NotRegistered(LookupError):
    """A message was sent to a name that is not registered (badarg)."""


class NotAProcess(RuntimeError):
    """The function needs a running process around it: self_(), link(), receive() …"""


class ReceiveTimeout(Exception):
    """receive() waited as long as it was told to: the `after` clause."""


def reason_of(exc: BaseException) -> object:
    """The exit reason that an exception leaving a process's code amounts to.

    sys.exit(x) is exit(x): it ends the process that says it, and no more; sys.exit() and sys.exit(0) are `normal`.
    """
    if isinstance(exc, ProcessExit):
        return exc.reason
    if isinstance(exc, SystemExit):
        return NORMAL if exc.code is None or exc.code is False or exc.code == 0 else exc.code
    return crash(exc)


def passes(exc: BaseException) -> bool:
    """True for what is no failure of the code it leaves, but the end of its process.

    Who contains the failures of callbacks lets it through.
    """
    running = THIS.running
    return isinstance(exc, GeneratorExit | Unwinding) or (running is not None and running.pid.target is None)
