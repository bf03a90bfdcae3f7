"""interrupt — Ctrl-C and SIGTERM end a program in order: its root process is cancelled, and ends its children.

OTP:      the break handler, and SIGTERM as init:stop()
Way:      the operating system → [interrupt] → the root's task → runtime
Process:  none; Python runs the handler on the main thread, whatever runs there
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from otp.erts.actor import Process
from otp.erts.scheduler import THIS


class Interrupted(SystemExit, KeyboardInterrupt):
    """What run() raises after an orderly end by a signal. Uncaught it ends the program with status 128 + the signal,
    without a traceback; it is a KeyboardInterrupt too, for code that catches that.
    """


class _Signal:
    """The message of the CancelledError that a signal causes."""

    def __init__(self, number: int) -> None:
        self.number = number


class Leaving:
    """How a program comes to its end: what was raised outside of its processes, if anything."""

    def __init__(self) -> None:
        self.why: BaseException | None = None
        self.main_ended = False  # what it started is being told


def signal_of(exc: asyncio.CancelledError) -> int | None:
    """The signal that cancelled, or None if it was no signal."""
    why = exc.args[0] if exc.args else None
    return why.number if isinstance(why, _Signal) else None


def caught(loop: asyncio.AbstractEventLoop, root: Process, leaving: Leaving) -> AbstractContextManager[None]:
    """Within the block SIGINT and SIGTERM cancel `root`, unless the program has handlers of its own for them.

    A handler of the program's own, for any signal, that raises SystemExit or KeyboardInterrupt has the program end:
    what it raised is put into `leaving`, and `root` is cancelled. It is raised on the spot, too, if it strikes the code
    of a process, which would otherwise go on; not where it would tear the runtime or the loop. A second one is raised
    wherever it strikes. Handlers count that are installed when the block begins.
    """
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before: dict[int, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        for other in usual:
            if signal.getsignal(other) is handle:
                signal.signal(other, signal.SIG_DFL)  # the second one ends it at once
        loop.call_soon_threadsafe(cancel, root, leaving, number)

    def wrapped(theirs: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
        def call(number: int, frame: FrameType | None) -> None:
            try:
                theirs(number, frame)
            except (SystemExit, KeyboardInterrupt) as exc:
                first, struck = leaving.why is None, _struck(frame)
                if first:
                    leaving.why = exc
                if struck is not root:
                    loop.call_soon_threadsafe(cancel, root, leaving, number)
                if struck is not None or not first:
                    raise

        return call

    if threading.current_thread() is threading.main_thread():
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            ours = handle if handler is usual.get(number) else wrapped(handler) if callable(handler) else None
            if ours is not None:
                before[number] = (ours, handler)
    return _installed(before)


@contextmanager
def _installed(handlers: dict[int, tuple[Any, Any]]) -> Iterator[None]:
    for number, (ours, _before) in handlers.items():
        signal.signal(number, ours)
    try:
        yield
    finally:
        for number, (ours, before) in handlers.items():
            if signal.getsignal(number) in (ours, signal.SIG_DFL):
                signal.signal(number, before)


def _struck(frame: FrameType | None) -> Process | None:
    """The process whose own code a signal has struck; None in the midst of the runtime or the loop."""
    module = "" if frame is None else str(frame.f_globals.get("__name__"))
    return None if module.startswith(("otp.erts.", "asyncio.")) else THIS.running


def cancel(root: Process, leaving: Leaving, number: int) -> None:
    """End the program in order, from the loop."""
    THIS.turn_again()
    if leaving.main_ended:
        return
    if root._task is not None:
        root._task.cancel(_Signal(number))
    else:  # it has not begun yet
        THIS.loop.call_soon(cancel, root, leaving, number)
