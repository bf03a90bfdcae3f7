"""waiting — the time-outs and the hibernation of a behaviour between two messages.

OTP:      `receive … after Time` and proc_lib:hibernate/3 in the loops of gen_server and gen_fsm
Differs:  a time-out is a message of the process to itself; sleep frees nothing, as nothing stands on a stack
Way:      actor's Process → [waiting] → sys_handler → behaviour

    mailbox when the time is up      what comes
    ──────────────────────────────   ────────────────────────────────────────────────────────
    empty                            the time-out
    a message                        the message: it ends the wait
    system messages only             their answers; then the wait begins again (while suspended: with the resumption)
"""

from __future__ import annotations

from typing import Any

from otp.erts.actor import Process
from otp.erts.signals import Timeout
from otp.erts.timer import TIMERS, TimerRef


class Waiting(Process):
    """A process that has a time-out in force, or is asleep."""

    timeout_message: Any = Timeout()
    hibernated = -1  # the reductions counted when it went to sleep
    _waits: float | None = None  # seconds of the time-out in force
    _stash: list[Any] | None = None  # while it is suspended: what waits

    # -- the time-out a callback has asked for

    def wait(self, seconds: float) -> None:
        """Start a time-out of `seconds`, unless a message comes first; one of 0 goes before what is sent later."""
        self._waits = seconds
        if seconds <= 0 and not self._queue:
            self.time_out()
        else:
            self._timer = TIMERS.after(seconds, self.time_out)

    def time_out(self) -> None:
        """The time is up: what is in the mailbox already goes first."""
        if not self._queue:
            self._waits = None
            self.deliver(self.timeout_message)

    def stop_waiting(self) -> None:
        """There is a message, or the end."""
        timer, self._timer, self._waits = self._timer, None, None
        if timer is not None:
            TIMERS.drop(timer)

    def keep_waiting(self) -> None:
        """What was handled is no message to the callbacks: the wait begins again, unless the process is suspended."""
        if self._waits is None:
            return
        timer, self._timer = self._timer, None
        if timer is not None:
            TIMERS.drop(timer)
        if self._stash is None:
            self.wait(self._waits)

    # -- sleep

    def hibernate(self) -> None:
        """Sleep until the next message: nothing stands on a stack here, so this only says so in process_info."""
        self.hibernated = self.reductions

    def sleep_when_idle(self, seconds: float) -> None:
        """Hibernate whenever no message came for so long (the option hibernate_after)."""
        timer: list[TimerRef] = []

        def cancel() -> None:
            for old in timer:
                TIMERS.cancel(old)

        def settle() -> None:
            cancel()
            timer[:] = [TIMERS.after(seconds, fall_asleep)]
            type(self).settle(self)

        def fall_asleep() -> None:
            if not self._queue and self._coro is None:
                self.hibernate()

        self.settle = settle  # type: ignore[method-assign]
        if self.on_exit is None:
            self.on_exit = []
        self.on_exit.append(cancel)
