"""taps — sees every message that enters a mailbox or leaves the node, while somebody wants to see them.

OTP:      what erlang:trace/3 hooks into, as far as messages and ends go
Differs:  otp.erts.trace tells of chosen processes, this of all, for who chooses later; both may be on. Nothing stands
          in the way of messages while nobody looks: methods are swapped, and put back
Process:  none; a tap is called on the loop's thread, in the turn of whoever sends

    def seen(event: taps.Event) -> None: …
    taps.add(seen)
    …
    taps.remove(seen)

A tap must be quick. One that raises is taken away, with an error in the log: who sends is not to suffer for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from otp.erts import trace
from otp.erts.actor import Process
from otp.erts.links import Net
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS

log = logging.getLogger("otp.taps")

Kind = Literal["message", "exit"]


@dataclass(frozen=True, slots=True)
class Event:
    """A message for `to`, or the end of `to` with reason `what`. `at` is time.monotonic_ns(), one clock for all nodes
    of a machine; `from_` is None where no process of this node is the sender: another node, the loop, a thread.
    """

    at: int
    kind: Kind
    from_: Pid | None
    to: Pid
    what: Any


Tap = Callable[[Event], object]

_taps: Final[list[Tap]] = []
_watched: Final[list[Any]] = []
_deliver: Final = Process.deliver
_terminate_now: Final = Process.terminate_now


def add(tap: Tap) -> None:
    """Have `tap` see every message and every end from now on."""
    if not _taps:
        trace.stand_on(_seen_deliver, _seen_end)
        _watch_carrier()
    _taps.append(tap)


def remove(tap: Tap) -> None:
    """Undo add(); when no tap is left all is as it was. Idempotent."""
    if tap in _taps:
        _taps.remove(tap)
    if not _taps:
        trace.stand_on(_deliver, _terminate_now)
        while _watched:
            vars(_watched.pop()).pop("send", None)


def is_on() -> bool:
    """Whether anybody looks."""
    return bool(_taps)


def tell(pid: Pid, message: Any) -> None:
    """Show the taps what a process has handed to itself without its mailbox, as if it had come by that."""
    _tell("message", pid, message)


def _seen_deliver(self: Process, message: Any) -> None:
    _tell("message", self.pid, message)
    _deliver(self, message)


def _seen_end(self: Process, reason: object) -> None:
    if self.pid.target is not None:
        _tell("exit", self.pid, reason)
    _terminate_now(self, reason)


def _watch_carrier() -> None:
    carrier: Any = Net.carrier
    send = carrier.send

    def seen(to: Any, message: object) -> None:
        if isinstance(to, Pid):
            _tell("message", to, message)
        send(to, message)

    carrier.send = seen
    _watched.append(carrier)


def _tell(kind: Kind, to: Pid, what: object) -> None:
    sender = THIS.running.pid if THIS.running is not None else None
    event = Event(time.monotonic_ns(), kind, sender, to, what)
    for tap in tuple(_taps):
        try:
            tap(event)
        except BaseException:
            log.exception("a tap failed and is taken away")
            remove(tap)
