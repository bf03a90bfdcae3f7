"""dbg — tracing for people: a tracer process, processes and functions to trace, patterns that can be saved.

OTP:      dbg.erl (of runtime_tools)
Differs:  a match specification is a Pattern, plain data; a function is watched by putting a wrapper in its place, so
          calls through a name that somebody had imported before are not seen (calls by the module's own code are)
Way:      dbg → otp.erts.trace → the tracer process → a handler of yours, or logger "otp.dbg"
Process:  `dbg`, the tracer, while there is one

    await dbg.tracer(print)
    dbg.p("sm", {"receive"});  dbg.p("all", {"call"})
    dbg.tp("xmppd.routing.router:route", Pattern(returns=True))
    await dbg.stop()
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts import process, trace
from otp.erts.exits import AlreadyStarted
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.erts.trace import Trace, TraceSession

log = logging.getLogger("otp.dbg")

NAME: Final = "dbg"
ANY: Final = "_"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which calls: `args` to equal, position by position (ANY: whatever); `returns`: tell of the end of each, too."""

    args: tuple[Any, ...] | None = None
    returns: bool = False

    def matches(self, args: tuple[Any, ...]) -> bool:
        """True if a call with these positional arguments is meant."""
        if self.args is None:
            return True
        return len(args) == len(self.args) and all(p in (ANY, a) for p, a in zip(self.args, args, strict=True))


@dataclass(frozen=True, slots=True)
class _Watched:
    owner: Any
    attribute: str
    original: Any


#: functions with a wrapper in their place, and every pattern that was used, by its number
_watched: Final[dict[str, _Watched]] = {}
_patterns: Final[dict[int, Pattern]] = {}


class _Stop:
    """To the tracer."""


# -- the tracer


async def tracer(handler: Callable[[Trace], object] | None = None) -> Pid:
    """Start the tracer process: each event goes to `handler`, plain or async, or to the log.

    A handler that raises ends the tracer, and so all tracing. Raises: AlreadyStarted.
    """
    if process.whereis(NAME) is not None:
        raise AlreadyStarted(process.whereis(NAME))
    return process.spawn(_trace_to, handler or _log, name=NAME)


def get_tracer() -> Pid | None:
    """The tracer, if there is one."""
    return process.whereis(NAME)


async def stop() -> None:
    """Trace nothing any more, take wrappers away, end the tracer when it has handled what it got. At once if none."""
    trace.clear()
    ctp()
    pid = process.whereis(NAME)
    if pid is not None:
        ref = process.monitor(pid)
        process.send(pid, _Stop())
        await process.receive(lambda m: getattr(m, "ref", None) is ref)


async def _trace_to(handler: Callable[[Trace], object]) -> None:
    while not isinstance(told := await process.receive(), _Stop):
        result = handler(told)
        if inspect.isawaitable(result):
            await result


def _log(told: Trace) -> None:
    log.info("%s %s %.300r%s", told.pid, told.event, told.what, f" {told.other}" if told.other is not None else "")


# -- whom


def p(who: Pid | str, flags: Iterable[str]) -> int:
    """Set trace flags (otp.erts.trace.FLAGS) of a pid, a registered name, "all", "new" or "existing"; how many it hit.

    Raises: ValueError for an unknown flag, nobody of that name, or without a tracer.
    """
    pid = process.whereis(NAME)
    if pid is None:
        raise ValueError("there is no tracer: dbg.tracer() starts one")
    target = process.whereis(who) if isinstance(who, str) and who not in ("all", "new", "existing") else who
    if target is None:
        raise ValueError(f"nobody is called {who!r}")
    return trace.trace(target, flags, tracer=pid)


def clear(who: Pid | str) -> int:
    """Clear all flags of a pid, "all", "new" or "existing" (dbg:p(Who, clear))."""
    return trace.trace(who, trace.FLAGS, tracer=process.whereis(NAME), on=False)


# -- which functions


def tp(function: str, pattern: Pattern | int | None = None) -> int:
    """Watch a function, "package.module:name" or "…:Class.method": processes with the flag "call" report each call that
    matches.

    `pattern` may be the number of one used before. Returns its number. Raises: LookupError if there is none such.
    """
    chosen = _patterns[pattern] if isinstance(pattern, int) else pattern or Pattern()
    number = next((n for n, known in _patterns.items() if known == chosen), len(_patterns) + 1)
    _patterns[number] = chosen
    ctp(function)
    owner, attribute, original = _find(function)
    setattr(owner, attribute, _wrapper(function, original, chosen))
    _watched[function] = _Watched(owner, attribute, original)
    return number


def ctp(function: str | None = None) -> None:
    """Watch a function no more; without one: none."""
    for name in [function] if function is not None else list(_watched):
        if name in _watched:
            watched = _watched.pop(name)
            setattr(watched.owner, watched.attribute, watched.original)


def ltp() -> dict[int, Pattern]:
    """The patterns that were used or read, by number."""
    return dict(_patterns)


def dtp(number: int | None = None) -> None:
    """Forget a pattern, or all."""
    for n in [number] if number is not None else list(_patterns):
        _patterns.pop(n, None)


def wtp(path: Path) -> None:
    """Write all patterns to a file. Raises: OSError; TypeError for arguments that JSON does not know."""
    path.write_text(json.dumps([asdict(pattern) for pattern in _patterns.values()], indent=1))


def rtp(path: Path) -> None:
    """Add the patterns of a file to those that are there. Raises: OSError, ValueError."""
    for entry in json.loads(path.read_text()):
        args = entry["args"]
        pattern = Pattern(tuple(args) if args is not None else None, bool(entry["returns"]))
        if pattern not in _patterns.values():
            _patterns[max(_patterns, default=0) + 1] = pattern


# -- internals


def _find(function: str) -> tuple[Any, str, Any]:
    module, _, path = function.partition(":")
    try:
        owner: Any = importlib.import_module(module)
        *outer, attribute = path.split(".")
        for name in outer:
            owner = getattr(owner, name)
        return owner, attribute, inspect.getattr_static(owner, attribute)
    except (ImportError, AttributeError, ValueError) as exc:
        raise LookupError(f"no such function: {function}") from exc


def _wrapper(name: str, original: Any, pattern: Pattern) -> Any:
    if isinstance(original, (staticmethod, classmethod)):
        return type(original)(_wrapper(name, original.__func__, pattern))

    def watched(*args: Any, **kwargs: Any) -> Any:
        session = _session() if pattern.matches(args) else None
        if session is None:
            return original(*args, **kwargs)
        caller = process.running()
        session.emit(caller, "call", (name, args))
        if not pattern.returns:
            return original(*args, **kwargs)
        return _told(session, caller, name, lambda: original(*args, **kwargs))

    watched.__wrapped__ = original  # type: ignore[attr-defined]
    watched.__qualname__ = getattr(original, "__qualname__", name)
    return watched


def _session() -> TraceSession | None:
    session = THIS.running.tracing if THIS.running is not None else None
    return session if isinstance(session, TraceSession) and "call" in session.flags else None


def _told(session: TraceSession, caller: Any, name: str, code: Callable[[], Any]) -> Any:
    try:
        value = code()
    except BaseException as exc:
        session.emit(caller, "exception_from", name, exc)
        raise
    if inspect.iscoroutine(value):
        return _told_later(session, caller, name, value)
    session.emit(caller, "return_from", name, value)
    return value


async def _told_later(session: TraceSession, caller: Any, name: str, code: Any) -> Any:
    try:
        value = await code
    except BaseException as exc:
        session.emit(caller, "exception_from", name, exc)
        raise
    session.emit(caller, "return_from", name, value)
    return value
