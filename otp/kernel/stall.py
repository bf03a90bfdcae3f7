"""stall — notices a loop that no longer turns: says who holds it up and where, and ends the node if it lasts.

OTP:      the long_schedule of erlang:system_monitor/2; what heart.erl does is in otp.kernel.heart
Differs:  there a callback is preempted and this is about a hung emulator; here one callback that does not give way
          holds up its whole node, so the alarm names it with its stack
Process:  a thread of its own, which the loop must show a beat every tick; the supervisor of the node (peer, in the
          parent) starts it again

    stall.start(StallConfig(alarm=3.0, restart=30.0))       # in a process, once

After `alarm` seconds without a beat the running process and the stack of the loop's thread are logged; after `restart`
seconds the stacks of all threads go to standard error and the node exits with STATUS. Code that does not even let go of
the interpreter (a regular expression that backtracks for ever) stops this thread too: then, after twice `restart`, the
timer of faulthandler, which needs no interpreter, does the same with status 1. Time in which the whole OS process stood
still (SIGSTOP, a laptop's sleep) does not count as silence.
"""

from __future__ import annotations

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

from otp.erts.scheduler import THIS

log = logging.getLogger("otp.stall")

#: exit status of a node that was ended because its loop stood still (EX_OSERR of sysexits.h)
STATUS: Final = 71
_KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class StallConfig:
    """Seconds of silence until the alarm, and until the node is ended; None: never. `tick`: seconds between beats."""

    alarm: float | None = 3.0
    restart: float | None = 30.0
    tick: float = 0.5


@dataclass(frozen=True, slots=True)
class Alarm:
    """A loop that stood still: when (time.time()), for how many seconds by then, who ran, and where."""

    at: float
    seconds: float
    process: str
    stack: str


#: the last alarms of this node, oldest first
ALARMS: Final[deque[Alarm]] = deque(maxlen=_KEPT)


class Watch:
    """The thread. `end(status)` is how the node ends."""

    def __init__(self, config: StallConfig, end: Callable[[int], object] = os._exit) -> None:
        self.config, self._end = config, end
        self._loop, self._loop_thread = THIS.loop, THIS.thread
        self._beats = 0
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
        if restart is not None and silent >= restart:
            log.critical("the loop stood still for %.1f s: this node ends, to be started again", silent)
            faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
            self._end(STATUS)
            self._stop.set()
        return told


def picture(thread: int, seconds: float) -> Alarm:
    """Who runs on the loop's thread, and where."""
    running, frame = THIS.running, sys._current_frames().get(thread)
    who = "no process" if running is None else f"{running.pid} {running.name or ''}".strip()
    label = getattr(running, "label", None)
    if label is not None:
        who += f" ({getattr(label, '__qualname__', label)})"
    stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
    return Alarm(time.time(), seconds, who, stack)


def start(config: StallConfig) -> Watch | None:
    """Watch the loop of this node from now on; None if the config wants neither alarm nor restart."""
    if config.alarm is None and config.restart is None:
        return None
    watch = Watch(config)
    watch.start()
    return watch
