"""console — bounds what code typed at the shell may do to the node it runs on.

OTP:      the group leader of a remote shell; cf. the time slice that preempts every process on a BEAM
Way:      admin.evaluate → [console] → the code that was typed
Process:  runs in the caller
Differs:  nothing preempts Python: code that does not give way is broken off by a timer's signal

While a piece of that code runs, and only then, standard output and standard error are a buffer, standard input is at
its end (input() raises EOFError), and a timer runs. While the code waits for something, other processes run, and theirs
is the real output.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
from collections.abc import Coroutine, Generator, Iterator
from types import FrameType
from typing import Any, Final, TypeVar

T = TypeVar("T")
#: the file name of code that was typed
SOURCE: Final = "<shell>"
#: seconds that typed code may hold up its node
LONGEST: Final = 1.0
#: characters that one input may print
MOST: Final = 262_144


class Stopped(BaseException):
    """Typed code is broken off; the text says why. No `except Exception` of that code keeps it alive."""


class _Output(io.StringIO):
    def write(self, text: str) -> int:
        room = MOST - self.tell()
        if len(text) > room:
            super().write(text[:room])
            raise Stopped(f"stopped: it printed more than {MOST} characters")
        return super().write(text)


class Console:
    """What one input prints, and the bounds within which it runs."""

    def __init__(self) -> None:
        self._output = _Output()

    @property
    def text(self) -> str:
        """All that was printed."""
        return self._output.getvalue()

    @contextlib.contextmanager
    def bounds(self) -> Iterator[None]:
        """What runs inside is typed code. Raises Stopped into it."""
        stdin, sys.stdin = sys.stdin, io.StringIO()
        try:
            with contextlib.redirect_stdout(self._output), contextlib.redirect_stderr(self._output), _timer():
                yield
        finally:
            sys.stdin = stdin


class Bounded:
    """Awaits a coroutine of typed code, each of its steps within the bounds of a console."""

    def __init__(self, console: Console, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._console, self._coroutine = console, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            done, result = self._step(value, error)
            if done:
                return result
            value = error = None
            try:
                value = yield result
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as thrown:
                error = thrown

    def _step(self, value: Any, error: BaseException | None) -> tuple[bool, Any]:
        """Go on to the next wait: (False, what is waited for), or (True, the result)."""
        with self._console.bounds():
            try:
                return False, self._coroutine.send(value) if error is None else self._coroutine.throw(error)
            except StopIteration as end:
                return True, end.value


@contextlib.contextmanager
def _timer() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread only
        return
    before = signal.signal(signal.SIGALRM, _time_is_up)
    # again and again: a signal that arrives just outside the typed code does nothing
    signal.setitimer(signal.ITIMER_REAL, LONGEST, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_is_up(_number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename == SOURCE or frame.f_code is show.__code__:
            raise Stopped(f"stopped: it held up the node for {LONGEST:g} s; to wait: await process.sleep(seconds)")
        frame = frame.f_back


def show(value: object) -> None:
    """Print a value as a prompt does."""
    print(repr(value))
