"""message_trace — shows every message that enters a mailbox or leaves the node to tracers, while there are any.

OTP:      what erlang:trace/3 hooks into, as far as messages and ends go
Differs:  otp.erts.trace tells of chosen processes, this of all, for callers that choose later; both may be on. Nothing
          stands in the way of messages while nobody looks: methods are swapped, and put back
Process:  none; a tracer is called on the loop's thread, in the sender's turn

    def seen(event: message_trace.TraceEvent) -> None: …
    message_trace.add(seen)
    …
    message_trace.remove(seen)

A tracer must be quick. One that raises is taken away, with an error in the log: the sender must not suffer for it.
"""

from __future__ import annotations

import logging
import time  # real time: what came when, for the person who looks
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from otp.erts import trace
from otp.erts.actor import Process
from otp.erts.links import Net
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS

log = logging.getLogger("otp.message_trace")

Kind = Literal["message", "exit"]


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """A message for `to`, or the end of `to` with reason `what`. `at` is time.monotonic_ns(), one clock for all nodes
    of a machine; `from_` is None where no process of this node is the sender: another node, the loop, a thread.
    """

    at: int
    kind: Kind
    from_: Pid | None
    to: Pid
    what: Any


Tracer = Callable[[TraceEvent], object]

_tracers: Final[list[Tracer]] = []
_watched: Final[list[Any]] = []
_deliver: Final = Process.deliver
_terminate_now: Final = Process.terminate_now


def add(tracer: Tracer) -> None:
    """Call `tracer` for every message and every end from now on."""
    if not _tracers:
        trace.stand_on(_seen_deliver, _seen_end)
        _watch_carrier()
    _tracers.append(tracer)


def remove(tracer: Tracer) -> None:
    """Undo add(); when no tracer is left all is as it was. Idempotent."""
    if tracer in _tracers:
        _tracers.remove(tracer)
    if not _tracers:
        trace.stand_on(_deliver, _terminate_now)
        while _watched:
            vars(_watched.pop()).pop("send", None)


def is_on() -> bool:
    """Whether anybody looks."""
    return bool(_tracers)


def tell(pid: Pid, message: Any) -> None:
    """Show the tracers what a process has handed to itself without its mailbox, as if it had come by that."""
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
    event = TraceEvent(time.monotonic_ns(), kind, sender, to, what)
    for tracer in tuple(_tracers):
        try:
            tracer(event)
        except BaseException:
            log.exception("a tracer of messages failed and is taken away")
            remove(tracer)
