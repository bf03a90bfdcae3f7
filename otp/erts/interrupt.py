"""interrupt — Ctrl-C and SIGTERM end a program in order: its root process is cancelled, and ends its children.

OTP:      the break handler, and SIGTERM as init:stop()
Way:      the operating system → [interrupt] → the root's task → runtime
Process:  none; Python runs the handler on the main thread, whatever runs there
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from otp.erts.actor import Process
from otp.erts.scheduler import THIS


class Interrupted(SystemExit, KeyboardInterrupt):
    """What run() raises after an orderly end by a signal. Uncaught it ends the program with status 128 + the signal,
    without a traceback; it is a KeyboardInterrupt too, for who catches that.
    """


class _Signal:
    """The message of the CancelledError that a signal causes."""

    def __init__(self, number: int) -> None:
        self.number = number


def signal_of(exc: asyncio.CancelledError) -> int | None:
    """The signal that cancelled, or None if it was no signal."""
    why = exc.args[0] if exc.args else None
    return why.number if isinstance(why, _Signal) else None


@contextmanager
def caught(loop: asyncio.AbstractEventLoop, root: Process) -> Iterator[None]:
    """Within the block SIGINT and SIGTERM cancel `root`, unless the program has handlers of its own for them."""
    before: dict[signal.Signals, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        for other in before:
            signal.signal(other, signal.SIG_DFL)  # the second one ends it at once
        loop.call_soon_threadsafe(_cancel, root, number)

    if threading.current_thread() is threading.main_thread():
        for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
            if signal.getsignal(number) is usual:
                before[number] = usual
                signal.signal(number, handle)
    try:
        yield
    finally:
        for caught_one, usual in before.items():
            signal.signal(caught_one, usual)


def _cancel(root: Process, number: int) -> None:
    if root._task is not None:
        root._task.cancel(_Signal(number))
    else:  # it has not begun yet
        THIS.loop.call_soon(_cancel, root, number)
