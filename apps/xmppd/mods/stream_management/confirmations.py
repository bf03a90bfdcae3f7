"""confirmations — who waits until what one session has is safe: acknowledged by its client, or on disk.

Way:      c2s (Sync of a sender) → managed_stream.confirm → [Confirmations] → queue_writer; `<a/>` → acknowledged
Process:  runs in the c2s; its timer on the loop
XEP:      0198 §4
Differs:  what a client acknowledges in PATIENCE seconds is never written. After that, and for a session without a
          connection at once, one commit takes all that it has not acknowledged. A client that has acknowledged
          something in the last PATIENCE seconds is there, and is only slow; and where the loop is late, what a client
          has said may not have been read. Then it gets more time, up to AT_MOST: to wait costs less than to write

What is kept of presence, answers and the like needs not be safe: it is for who is there. What lies in the offline
store is safe already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Final

from otp.erts.clock import CLOCK
from otp.erts.timer import TIMERS, TimerRef
from xmpp_core.lost_counts import MASK
from xmpp_core.stream_management import SAFE, Acknowledgements, KeptStanza

#: seconds that a client has to acknowledge before what it has not is written
PATIENCE: Final = 0.05
#: seconds that one has which acknowledges, or may do so, but not yet what somebody waits for
AT_MOST: Final = 0.5
#: seconds by which the loop is late when it has much to do
_LATE: Final = 0.02
#: seconds after which what could not be written is tried again
RETRY: Final = 0.5
Done = Callable[[], None]
#: writes entries, and says later whether that is done
Save = Callable[[Sequence[KeptStanza], Callable[[bool], None]], None]


class Confirmations:
    """Of one queue. `committed` is a count like its others: up to it all is on disk that has to be. Those who wait
    have the count that they wait for, and since when; `_due` is when the timer is. `has_saved`: some of it was given to
    the disk once."""

    __slots__ = (
        "_due", "_heard", "_progress", "_save", "_saving", "_timer", "_waiting", "committed", "has_saved", "queue"
    )  # fmt: skip

    def __init__(self, queue: Acknowledgements, save: Save) -> None:
        self.queue, self._save = queue, save
        self.committed = queue.acked
        self._waiting: deque[tuple[int, Done, Done | None, float]] = deque()
        self._heard: deque[tuple[int, Done]] = deque()
        self._timer: TimerRef | None = None
        self._saving = self.has_saved = False
        self._due = self._progress = 0.0

    # -- who waits

    def confirm(self, done: Done, gone: Done | None = None, *, at_once: bool) -> bool:
        """Call done() when all that the queue has got so far is safe; whether it is already. `at_once`: nobody will
        acknowledge it soon. If the session ends before, gone() is called."""
        if not self.queue.kept or self._is_safe(self.queue.sent):
            done()
            return True
        now = CLOCK.monotonic()
        self._waiting.append((self.queue.sent, done, gone, -inf if at_once else now))
        if at_once:
            self.commit()
        elif self._timer is None:
            self._wake(now, PATIENCE)
        return False

    def wait_behind(self, count: int) -> bool:
        """Whether somebody waits for more than this count."""
        return bool(self._waiting) and 0 < (self._waiting[-1][0] - count) & MASK <= len(self.queue.kept)

    def when_acknowledged(self, done: Done) -> int:
        """Call done() when the client has acknowledged all that the queue has got so far; with which count that is."""
        if self._place(self.queue.sent):
            self._heard.append((self.queue.sent, done))
        else:
            done()
        return self.queue.sent

    def acknowledged(self) -> None:
        """The client has said so of some."""
        while self._heard and not self._place(self._heard[0][0]):
            self._heard.popleft()[1]()
        if self._waiting:
            self._progress = CLOCK.monotonic()
            self._settle()

    # -- to the disk

    def commit(self) -> None:
        """Write what the client has not acknowledged and is not written, now."""
        if self._saving:
            return
        upto, entries = self.queue.sent, self._unwritten(self.queue.sent)
        if not entries:
            self.committed = upto
            self._settle()
            return
        self._saving = self.has_saved = True
        self._save(entries, partial(self._saved, upto, entries))

    def all_written(self) -> None:
        """Somebody else has written the whole queue."""
        self.has_saved = True
        self._saved(self.queue.sent, tuple(self.queue.kept), good=True)

    @property
    def is_saving(self) -> bool:
        """Whether a part of the queue is on its way to the disk."""
        return self._saving

    def are_saved(self, entries: Sequence[KeptStanza]) -> bool:
        """Whether some of them are on disk, or may be on their way to it."""
        return self._saving or any(entry.durable for entry in entries)

    def commit_soon(self) -> None:
        """Likewise, with what comes in the same moment."""
        if self._timer is None and not self._saving:
            self._timer = TIMERS.after(0.0, self._again)

    def _again(self) -> None:
        self._timer = None
        self.commit()

    def _wake(self, now: float, seconds: float) -> None:
        self._due, self._timer = now + seconds, TIMERS.after(seconds, self._late)

    def _late(self) -> None:
        self._timer = None
        now = CLOCK.monotonic()
        if now - self._due > _LATE:
            self._progress = now
        self._look()

    def _look(self) -> None:
        """Write if somebody has waited for PATIENCE, and nothing has come of the client; and after AT_MOST. What is on
        its way to a client that answers in time never is."""
        if self._saving or not self._waiting:
            return
        now, since = CLOCK.monotonic(), min([since for *_, since in self._waiting])
        left = min(max(since, self._progress) + PATIENCE, since + AT_MOST) - now
        if left <= 0:
            self.commit()
        elif self._timer is None:
            self._wake(now, left)

    def _saved(self, upto: int, entries: Sequence[KeptStanza], good: bool) -> None:
        self._saving = False
        if good:
            for entry in entries:
                entry.durable = True
            self.committed = upto
            self._settle()
        if self._timer is None and (not good or self._unwritten(self.queue.sent)):
            if not good:
                self._timer = TIMERS.after(RETRY, self._again)
            else:
                self._look()

    def forget(self) -> None:
        """The session is over: those who wait are told only that."""
        timer, self._timer = self._timer, None
        if timer is not None:
            TIMERS.drop(timer)
        waiting = list(self._waiting)
        self._waiting.clear()
        self._heard.clear()
        for _, _, gone, _ in waiting:
            if gone is not None:
                gone()

    # -- what is safe

    def _place(self, number: int) -> int:
        """How many entries of the queue are not behind this count: 0 for one that is acknowledged."""
        place = (number - self.queue.acked) & MASK
        return place if place <= len(self.queue.kept) else 0

    def _unwritten(self, number: int) -> list[KeptStanza]:
        """What has to be written of what came up to this count."""
        part = self.queue.kept[self._place(self.committed) : self._place(number)]
        return [entry for entry in part if entry.kind in SAFE and not entry.durable]

    @property
    def is_safe(self) -> bool:
        """Whether nobody has to wait."""
        return self._is_safe(self.queue.sent)

    def _is_safe(self, number: int) -> bool:
        return not self._unwritten(number)

    def _settle(self) -> None:
        while self._waiting and self._is_safe(self._waiting[0][0]):
            self._waiting.popleft()[1]()
