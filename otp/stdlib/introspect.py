"""introspect — looks into living processes: state, suspension, traces, logs, counts (OTP: sys).

OTP:      module sys, and what observer shows of one process
Differs:  trace lines go to logger "otp.trace" or a function of yours; statistics count messages in, not out
Way:      shells, tests → [introspect] → system messages, answered by sys_handler between two callbacks

    await introspect.trace(pid, True)           # each message, as it is handled, to logger "otp.trace"
    await introspect.log(pid, 10)               # keep the last ten …
    await introspect.get_log(pid)               # … and read them
    await introspect.suspend("sm"); await introspect.replace_state("sm", fix); await introspect.resume("sm")

These are the only requests that an observer sends to a process itself; all else it reads from erts' tables.

>>> from otp.stdlib.introspect import get_state, no_debug, replace_state, resume, suspend, trace
>>> from otp.erts import runtime
>>> from otp.stdlib import gen_server
>>> class Counter(gen_server.GenServer[int]):
...     def init(self):
...         return 0
...     def handle_cast(self, n, total):
...         return gen_server.NoReply(total + n)
>>> async def main():
...     counter = await gen_server.start_link(Counter, name="counter")
...     await trace("counter", write=print)
...     gen_server.cast(counter, 3)
...     print(await get_state(counter))
...     await suspend(counter)
...     gen_server.cast(counter, 4)                  # waits
...     print(await replace_state(counter, lambda total: total * 100))
...     await no_debug(counter)
...     await resume(counter)
...     return await get_state(counter)
>>> runtime.run(main)
*DBG* counter got Cast(3)
3
300
304
"""

import logging
import time  # real time: what came when, for the person who looks
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from otp.erts.exits import NOPROC, CallError
from otp.erts.process import Dest, process_info, resolve
from otp.stdlib import gen
from otp.stdlib.gen import CALL_TIMEOUT

__all__ = [
    "Statistics",
    "change_code",
    "get_log",
    "get_state",
    "get_statistics",
    "get_status",
    "install",
    "log",
    "log_to_file",
    "no_debug",
    "remove",
    "replace_state",
    "resume",
    "statistics",
    "suspend",
    "terminate",
    "trace",
]

#: fn("in", message, state); it is removed when it returns "done" or raises
DebugFn = Callable[[str, object, object], object]

tracer = logging.getLogger("otp.trace")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a process did since counting began: `since` (time.time()), messages handled, turns of its code."""

    since: float
    current: float
    messages_in: int
    reductions: int


class _Counter:
    """Counts messages."""

    def __init__(self, reductions: int) -> None:
        self.since, self.messages, self.reductions = time.time(), 0, reductions

    def __call__(self, _direction: str, _message: object, _state: object) -> None:
        self.messages += 1


class _Ring:
    """Keeps the last messages."""

    def __init__(self, size: int) -> None:
        self.events: deque[tuple[float, object]] = deque(maxlen=size)

    def __call__(self, _direction: str, message: object, _state: object) -> None:
        self.events.append((time.time(), message))


class _Tracer:
    """Writes a line for each message."""

    def __init__(self, who: str, write: Callable[[str], object]) -> None:
        self.who, self.write = who, write

    def __call__(self, _direction: str, message: object, state: object) -> None:
        self.write(f"*DBG* {self.who} got {message!r:.500}")


class _ToFile(_Tracer):
    """Writes the lines to a file."""

    def __init__(self, who: str, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8", buffering=1)
        super().__init__(who, lambda line: self.file.write(f"{line}\n"))


# -- state


async def get_state(dest: Dest, timeout: float | None = CALL_TIMEOUT) -> Any:
    """The state as the callbacks see it; (state name, data) of a machine. Raises CallError."""
    return await gen.system(dest, "get_state", timeout=timeout)


async def replace_state(dest: Dest, fn: Callable[[Any], Any], timeout: float | None = CALL_TIMEOUT) -> Any:
    """Set the state to fn(state) and return it. If fn raises, the state stays and RuntimeError is raised here."""
    return await gen.system(dest, "replace_state", fn, timeout=timeout)


async def get_status(dest: Dest, timeout: float | None = CALL_TIMEOUT) -> dict[str, Any]:
    """Who it is, whether it is suspended, and its state as format_status shows it."""
    status: dict[str, Any] = await gen.system(dest, "get_status", timeout=timeout)
    return status


async def suspend(dest: Dest, timeout: float | None = CALL_TIMEOUT) -> None:
    """From now on only system messages are handled; the others wait, in order."""
    await gen.system(dest, "suspend", timeout=timeout)


async def resume(dest: Dest, timeout: float | None = CALL_TIMEOUT) -> None:
    """Handle what waited, then go on."""
    await gen.system(dest, "resume", timeout=timeout)


async def change_code(dest: Dest, module: Any, old_vsn: object = None, extra: object = None) -> None:
    """Put another callback object in place; its code_change makes the new state. Raises: RuntimeError if the process is
    not suspended, or its code_change fails.
    """
    await gen.system(dest, "code_change", module, old_vsn, extra)


async def terminate(dest: Dest, reason: object, timeout: float | None = CALL_TIMEOUT) -> None:
    """End a behaviour in order, suspended or not. Raises CallError."""
    await gen.stop(dest, reason, timeout)


# -- debug functions: local processes only


async def install(dest: Dest, fn: DebugFn) -> None:
    """Call fn with each message before it is handled."""
    await gen.system(dest, "install", fn)


async def remove(dest: Dest, fn: DebugFn) -> None:
    """Take a debug function away."""
    await gen.system(dest, "remove", fn)


async def trace(dest: Dest, on: bool = True, write: Callable[[str], object] = tracer.info) -> None:
    """Write a line for each message, to logger "otp.trace" at INFO or to `write`; or no longer."""
    await _exchange(dest, _Tracer(str(dest), write) if on else None, _Tracer)


async def log_to_file(dest: Dest, path: Path | None) -> None:
    """Write a line for each message to a file, which is emptied first; None: no longer.

    Raises: OSError if the file cannot be opened.
    """
    old = _installed(dest, _ToFile)
    await _exchange(dest, None if path is None else _ToFile(str(dest), path), _ToFile)
    if old is not None:
        old.file.close()


async def log(dest: Dest, size: int = 10) -> None:
    """Keep the last `size` messages; 0 ends it."""
    await _exchange(dest, _Ring(size) if size else None, _Ring)


async def get_log(dest: Dest) -> list[tuple[float, object]]:
    """The messages kept, oldest first, each with the time.time() of its arrival; empty if none are."""
    ring = _installed(dest, _Ring)
    return list(ring.events) if ring is not None else []


async def statistics(dest: Dest, on: bool = True) -> None:
    """Begin to count (from zero), or end it."""
    await _exchange(dest, _Counter(_reductions(dest)) if on else None, _Counter)


async def get_statistics(dest: Dest) -> Statistics | None:
    """The counts, or None if nobody began to count."""
    counter = _installed(dest, _Counter)
    if counter is None:
        return None
    return Statistics(counter.since, time.time(), counter.messages, _reductions(dest) - counter.reductions)


async def no_debug(dest: Dest) -> None:
    """Take away all debug functions."""
    for fn in list(getattr(_process(dest), "debug", None) or ()):
        await remove(dest, fn)


async def _exchange(dest: Dest, new: DebugFn | None, kind: type[Any]) -> None:
    """Install `new` in place of the debug function of its kind."""
    old = _installed(dest, kind)
    if old is not None:
        await remove(dest, old)
    if new is not None:
        await install(dest, new)


def _installed(dest: Dest, kind: type[_T]) -> _T | None:
    return next((fn for fn in getattr(_process(dest), "debug", None) or () if type(fn) is kind), None)


def _process(dest: Dest) -> Any:
    pid = resolve(dest)
    if pid is None or pid.target is None:
        raise CallError(NOPROC, dest, "debug")
    return pid.target


def _reductions(dest: Dest) -> int:
    info = process_info(_process(dest).pid)
    return info.reductions if info is not None else 0
