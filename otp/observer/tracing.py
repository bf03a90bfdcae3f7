"""tracing — a node's half of a trace: follows the messages of a process, or of those that a word means.

OTP:      dbg:tracer, dbg:p; limited as recon_trace is
Way:      commands → rpc → [tracing] → otp.erts.message_trace
Process:  none: a tracer runs where messages are sent; it costs nothing while no trace is on

A trace ends by itself: after so many events, so many seconds, or when no client has read it for LEASE seconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from otp.erts import message_trace, process
from otp.erts.message_trace import TraceEvent
from otp.erts.pid import HERE, Pid
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from otp.kernel import rpc
from otp.observer import messages, pids, plugin
from otp.observer.plugin import Line
from otp.stdlib.term_format import format_term, masked

#: events that wait to be read; older ones are dropped, and counted
KEPT: Final = 5000
#: seconds after which a trace that nobody reads ends
LEASE: Final = 10.0


class FollowedMessages:
    """One trace on this node. `word` says whom to follow; `kinds` (none: all) and `direction` what is told."""

    def __init__(self, word: str, kinds: Sequence[str], direction: str, most: int, seconds: float) -> None:
        self.word, self.kinds, self.direction = word, frozenset(kind.lower() for kind in kinds), direction
        self.left, self.over, self.dropped = most, False, 0
        self.events: deque[dict[str, Any]] = deque()
        self.pids: set[Pid] = set()
        self.read_at = time.monotonic()
        self._offset = time.time_ns() - time.monotonic_ns()
        self._tracer = self.see
        self.pids.update(pids.find(self.word))
        message_trace.add(self._tracer)
        self._deaf = plugin.installed().listen(word, self.hear)
        self._timer = TIMERS.after(seconds, self.end)

    def find(self) -> None:
        """Look again who is meant: processes come and go."""
        self.pids.update(pids.find(self.word, again=True))

    def see(self, event: TraceEvent) -> None:
        """A message or an end: record it if it is of a process that is traced."""
        if event.to not in self.pids and plugin.installed().joins(self.word, event.to, event.what):
            self.pids.add(event.to)
        if event.kind == "exit":
            if event.to in self.pids and self.direction != "out":
                self._note(event, "exit", event.from_, [("exit", format_term(event.what))])
        elif event.to in self.pids and self.direction != "out":
            self._note(event, "in", event.from_, messages.lines(event.what))
        elif event.from_ in self.pids and self.direction != "in":
            self._note(event, "out", event.to, messages.lines(event.what))

    def hear(self, kind: str, text: str) -> None:
        """The program speaks of whom we follow, in the process it is about: that one is followed from here on."""
        if THIS.running is None:
            return
        pid = THIS.running.pid
        self.pids.add(pid)
        told = TraceEvent(time.monotonic_ns(), "message", pid, pid, text)
        self._note(told, "in", None, [(kind, masked(text))])

    def _note(self, event: TraceEvent, direction: str, other: Pid | None, said: list[Line]) -> None:
        whom = event.from_ if direction == "out" and event.from_ is not None else event.to
        for kind, text in said:
            if self.over or (self.kinds and kind.lower() not in self.kinds and direction != "exit"):
                continue
            if len(self.events) >= KEPT:
                self.events.popleft()
                self.dropped += 1
            self.events.append({
                "at": (event.at + self._offset) / 1e9, "node": HERE.node, "dir": direction, "pid": str(whom),
                "who": pids.name_of(whom), "other": _name(other), "kind": kind, "text": text,
            })  # fmt: skip
            self.left -= 1
            if self.left <= 0:
                self.end()

    def end(self) -> None:
        """See nothing more. Idempotent."""
        self.over = True
        message_trace.remove(self._tracer)
        self._deaf()
        TIMERS.cancel(self._timer)


_traces: Final[dict[str, FollowedMessages]] = {}


@rpc.exported
def begin(key: str, word: str, kinds: list[str], direction: str, most: int, seconds: float) -> int:
    """Follow whom `word` means; gives how many processes of this node that are now."""
    end(key)
    trace = _traces[key] = FollowedMessages(word, kinds, direction, most, seconds)
    TIMERS.after(LEASE, _lapse, key)
    return len(trace.pids)


@rpc.exported
def read(key: str) -> dict[str, Any]:
    """What was seen since the last reading, and whether the trace is over here."""
    trace = _traces.get(key)
    if trace is None:
        return {"events": [], "over": True, "dropped": 0}
    trace.find()
    trace.read_at = time.monotonic()
    events, dropped = list(trace.events), trace.dropped
    trace.events.clear()
    trace.dropped = 0
    return {"events": events, "over": trace.over, "dropped": dropped}


@rpc.exported
def end(key: str) -> None:
    """End a trace and forget it."""
    trace = _traces.pop(key, None)
    if trace is not None:
        trace.end()


@rpc.exported
async def missing(word: str) -> str | None:
    """Why nobody of this node is meant by a word; see Plugin.missing()."""
    return await plugin.installed().missing(word)


def _lapse(key: str) -> None:
    trace = _traces.get(key)
    if trace is None:
        return
    if time.monotonic() - trace.read_at >= LEASE:
        end(key)
    else:
        TIMERS.after(LEASE, _lapse, key)


def _name(pid: Pid | None) -> str:
    if pid is None:
        return ""
    return pids.name_of(pid) if process.is_alive(pid) else str(pid)
