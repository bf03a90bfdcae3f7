"""stall — notices a loop that stands still: logs which process holds it up and where, ends it, or ends the whole node.

OTP:      the long_schedule of erlang:system_monitor/2; what heart.erl does is in otp.kernel.heart
Differs:  there a callback is preempted and this is about a hung emulator; here one callback that does not give way
          holds up its whole node, so the alarm names it with its stack
Process:  a thread of its own, which the loop must show a beat every tick; the supervisor of the node (peer, in the
          parent) starts it again

    stall.start(StallConfig(alarm=3.0, restart=30.0))       # in a process, once

After `alarm` seconds without a beat the running process and the stack of the loop's thread are logged. A process that
has computed for `end` seconds (of the thread's own processor time: a busy machine counts for nothing) without giving
way is ended: OutOfTime is raised in its code, which its supervisor sees as any other crash. After `restart`
seconds the stacks of all threads go to standard error and the node exits with STATUS. Code that does not even let go of
the interpreter (a regular expression that backtracks for ever) stops this thread too: then, after twice `restart`, the
timer of faulthandler, which needs no interpreter, does the same with status 1. Time in which the whole OS process stood
still (SIGSTOP, a laptop's sleep) does not count as silence.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otp.erts.actor import Process
from otp.erts.scheduler import THIS

log = logging.getLogger("otp.stall")

#: exit status of a node that was ended because its loop stood still (EX_OSERR of sysexits.h)
STATUS: Final = 71
_KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class StallConfig:
    """Seconds of silence until the alarm, and until the node is ended; of computing until the process is (`end`). None:
    never. `tick`: seconds between beats."""

    alarm: float | None = 3.0
    restart: float | None = 30.0
    tick: float = 0.5
    end: float | None = None


class OutOfTime(BaseException):
    """Raised in the code of a process that has held up its loop for too long; no `except Exception` stops it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A loop that stood still: when (time.time()), for how many seconds by then, who ran, and where."""

    at: float
    seconds: float
    process: str
    stack: str


#: the last alarms of this node, oldest first
ALARMS: Final[deque[Alarm]] = deque(maxlen=_KEPT)


class StallWatch:
    """The thread. `end(status)` is how the node ends."""

    def __init__(self, config: StallConfig, end: Callable[[int], object] = os._exit) -> None:
        self.config, self._end = config, end
        self._loop, self._loop_thread = THIS.loop, THIS.thread
        self._beats = 0
        self._computed = 0.0  # processor time of the loop's thread at the last beat, or when a process was ended
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stall", daemon=True)

    def start(self) -> None:
        """Begin: on the loop's thread."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """End; the node goes on unwatched."""
        self._stop.set()
        self._thread.join(5)

    def _beat(self) -> None:
        self._beats += 1
        if not self._stop.is_set():
            self._loop.call_later(self.config.tick, self._beat)

    def _watch(self) -> None:
        tick, seen, silent, told = self.config.tick, 0, 0.0, False
        before = time.monotonic()
        while not self._stop.wait(tick) and not self._loop.is_closed():
            now = time.monotonic()
            self._arm()
            if self._beats != seen:
                if told:
                    log.warning("the loop turns again, after %.1f s", silent)
                seen, silent, told = self._beats, 0.0, False
                self._computed = self._processor_time()
            else:
                silent += min(now - before, 2 * tick)
            before = now
            told = self._judge(silent, told)
        if self.config.restart is not None:
            faulthandler.cancel_dump_traceback_later()

    def _arm(self) -> None:
        if self.config.restart is not None:
            faulthandler.dump_traceback_later(2 * self.config.restart, exit=True, file=sys.__stderr__ or 2)

    def _judge(self, silent: float, told: bool) -> bool:
        alarm, restart = self.config.alarm, self.config.restart
        if alarm is not None and silent >= alarm and not told:
            found = picture(self._loop_thread, silent)
            ALARMS.append(found)
            log.critical("the loop stands still for %.1f s in %s:\n%s", silent, found.process, found.stack)
            told = True
        if self.config.end is not None and silent and self._processor_time() - self._computed >= self.config.end:
            self._end_process()
        if restart is not None and silent >= restart:
            log.critical("the loop stood still for %.1f s: this node ends, to be started again", silent)
            faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
            self._end(STATUS)
            self._stop.set()
        return told

    def _processor_time(self) -> float:
        """Seconds that the loop's thread has computed; where that cannot be known it has not."""
        try:
            return time.clock_gettime(time.pthread_getcpuclockid(self._loop_thread))
        except (AttributeError, OSError):
            return 0.0

    def _end_process(self) -> None:
        """Raise OutOfTime on the loop's thread while a process runs there.

        It comes up between two steps of whatever that thread does next. Should the process have given way in this very
        moment, it comes up in another or in the loop, which tells its exception handler and goes on.
        """
        self._computed = self._processor_time()  # one that goes on all the same has as much again
        running = THIS.running
        if running is not None:
            log.critical("%s has computed for more than %g s: it is ended", _who(running), self.config.end)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._loop_thread), ctypes.py_object(OutOfTime))


def picture(thread: int, seconds: float) -> Alarm:
    """Who runs on the loop's thread, and where."""
    running, frame = THIS.running, sys._current_frames().get(thread)
    who = "no process" if running is None else _who(running)
    stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
    return Alarm(time.time(), seconds, who, stack)


def _who(running: Process) -> str:
    label = running.label
    what = f" ({getattr(label, '__qualname__', label)})" if label is not None else ""
    return f"{running.pid} {running.name or ''}".strip() + what


def start(config: StallConfig) -> StallWatch | None:
    """Watch the loop of this node from now on; None if the config wants neither alarm nor restart."""
    if config.alarm is None and config.restart is None:
        return None
    watch = StallWatch(config)
    watch.start()
    return watch
