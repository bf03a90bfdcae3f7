"""managed_stream — what is counted and kept of one session, when its client is asked for an acknowledgement, and how
much may wait for it.

Way:      Stream.send → counted_out → [ManagedStream] → connection; mod_stream_management → acknowledge, resume
Process:  runs in the c2s; its timer on the loop
XEP:      0198 §4; 0352: an inactive client is active again once its session is resumed, so nothing is kept of that
Differs:  a client that reads too slowly holds up nobody: what is for it waits in the queue, within LIMITS

`<r/>` is sent behind every ASK_AFTER stanzas or ASK_BYTES bytes that the client has neither acknowledged nor been asked
for, and ASK_WITHIN seconds after the first of them: so the last of a burst is asked for, and a session that is idle has
no timer. If somebody waits, it is asked at once; but one that was asked within ASK_AGAIN seconds not before they are
over, since more comes, and one answer is enough for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from sys import getsizeof
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.timer import TIMERS, TimerRef
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.lost_counts import MASK
from xmpp_core.stanza import Message, Stanza
from xmpp_core.stream_management import (
    ARCHIVED,
    MESSAGE,
    OF_MESSAGES,
    OVERHEAD,
    Acknowledgements,
    KeptStanza,
    kind_of,
    read_count,
)
from xmppd import crash_points
from xmppd.mods.stream_management import lives, on_disk, queue_writer
from xmppd.mods.stream_management.confirmations import Confirmations
from xmppd.mods.stream_management.queue_writer import SessionKey
from xmppd.mods.stream_management.tables import StoredStanza
from xmppd.routing import safe_rounds
from xmppd.routing.context import Context
from xmppd.routing.deliver import Kick
from xmppd.routing.durability import is_safe
from xmppd.routing.message_with_text import MessageWithText
from xmppd.routing.session import C2sSession

ASK: Final = f"<r xmlns='{ns.SM}'/>"
ASK_AFTER: Final = 25
ASK_BYTES: Final = 64 * 1024
ASK_WITHIN: Final = 0.2
ASK_AGAIN: Final = 0.01
#: how much more than what may come for a client that is away may lie in the queue of one that is connected, and is
#: not given up for it; and in that of one that comes back again and again and acknowledges nothing
ON_THE_WAY: Final = 4
AT_LAST: Final = 8


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What may come for a client that is away: stanzas, and bytes."""

    stanzas: int = 1000
    octets: int = 1 << 20


@dataclass(frozen=True, slots=True)
class WriteRest:
    """To the own mailbox: the client has read, more may be written."""


class ManagedStream(Acknowledgements):
    """A StanzaCounter.

    `id`: what a client names to resume it, "" if it may not; `seconds` that it waits for its client; `detached`: no
    connection carries it; `ended`: too much has come; `told`: of how many of its stanzas the client was told that they
    are safe; `moved`: it has come from another process, so what is on disk of the queue may have other numbers, and
    another owner. Up to the count `_asked` the client was asked, or has acknowledged, last at `_asked_at`. As long as
    the queue is shorter than `_look_at`, and smaller than `_look_size`, a stanza is written and nothing looked at.
    """

    __slots__ = (
        "_answering", "_asked", "_asked_again", "_asked_at", "_asked_of", "_asking_soon", "_confirmations", "_look_at",
        "_look_size", "_most", "_most_bytes", "_now", "_timer", "detached", "ended", "id", "limits", "moved", "seconds",
        "session", "told",
    )  # fmt: skip

    def __init__(self, session: C2sSession, limits: QueueLimits, id_: str = "", seconds: float = 0.0) -> None:
        super().__init__()
        self.session, self.limits, self.id, self.seconds = session, limits, id_, seconds
        self.detached = self.ended = False
        self.told, self.moved = 0, False
        self._confirmations: Confirmations | None = None
        self._answering = self._asked_again = self._asking_soon = False
        self._asked = self._asked_of = self._look_at = self._look_size = self._now = 0
        self._asked_at = 0.0
        self._timer: TimerRef | None = None
        self._make_room()

    def go_on_from(self, before: Acknowledgements) -> None:
        """It has come from another process, where it was so, and waits for its client."""
        super().__init__(before.received, before.acked, before.kept, before.lost)
        self.told, self.moved, self.detached = before.received, True, True
        self._asked = self.acked
        self._make_room()
        self._confirmations = Confirmations(self, self._save)
        self._confirmations.has_saved = True

    # -- a StanzaCounter

    def counted_out(
        self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...] = ()
    ) -> str | None:
        """Keep it. Returns what is to follow it at once; None: it is not to be written now."""
        kept = self.kept
        usual = len(kept) < self._look_at and self.size < self._look_size
        if usual and (type(stanza) is Message or type(stanza) is MessageWithText):
            self.sent = number = (self.sent + 1) & MASK  # as in `keep`, which nearly every stanza would call
            self.size += OVERHEAD + (len(xml) if xml.isascii() else getsizeof(xml))
            kind, first_sent = OF_MESSAGES.get(stanza.el.attrs.get("type"), MESSAGE), self._now
            if context is not None:
                first_sent = context.first_sent or first_sent
                if kind is MESSAGE:
                    kind = context.for_one or (ARCHIVED if context.archive_id else kind)
            kept.append(KeptStanza(number, xml, kind, first_sent, others))
            return ""
        return self._look(stanza, xml, context, others)

    def _look(self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...]) -> str | None:
        """Of the first stanza that the client is not asked for yet, of the last before it is, and of what is no usual
        message."""
        begins = self._asked == self.written
        if begins:
            self._now, self._look_size = CLOCK.time_ns() // 1_000_000, self.size + ASK_BYTES
        entry = self._keep(stanza, xml, context, others)
        stream = self.session.stream
        if self.unwritten or self.detached or stream is None or stream.congested:
            self._wait(entry)
            return None
        unasked = (self.sent - self._asked) & MASK
        if unasked >= ASK_AFTER or self.size >= self._look_size:
            self._check()
            return self._ask_for_all()
        self._look_at = len(self.kept) + ASK_AFTER - unasked - 1
        if self._timer is None:
            self._timer = TIMERS.after(ASK_WITHIN, self._ask_late)
        return ""

    def _keep(self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...]) -> KeptStanza:
        el = stanza if isinstance(stanza, Element) else stanza.el
        name, type_ = el.name, el.attrs.get("type")
        if context is None:
            return self.keep(xml, kind_of(name, type_), self._now, others)
        kind = kind_of(name, type_, for_one=context.for_one, is_archived=bool(context.archive_id))
        return self.keep(xml, kind, context.first_sent or self._now, others)

    def heard(self, nonza: Element) -> bool:
        """`<a h=…/>` with a count that can be; `<r/>`."""
        if nonza.name == "a":
            h = read_count(nonza.attrs.get("h"))
            if h is None or not self.accepts(h):
                return False
            self.acknowledge(h)
            return True
        if nonza.name == "r":
            self.answer_when_safe()
            return True
        return False

    def tell(self, h: int) -> None:
        """Acknowledge `h` stanzas of the client, unless it has been told of as many."""
        stream = self.session.stream
        if stream is None or self.detached or (h - self.told) & MASK > MASK >> 1:
            return
        on_disk.before_told(self.session, h)
        crash_points.reach("sm.before_ack")
        self.told = h
        stream.send(f"<a xmlns='{ns.SM}' h='{h}'/>")

    def answer_when_safe(self) -> None:
        """The client asks how many of its stanzas are taken: it is told of those of now when they are safe. What it
        asks meanwhile has one answer."""
        if self._answering:
            self._asked_again, self._asked_of = True, self.received
            return
        self._answering = True
        safe_rounds.when_safe(partial(self._answer, self.received), sender=self.session.pid)

    def _answer(self, h: int) -> None:
        again, self._answering, self._asked_again = self._asked_again, False, False
        if again and is_safe(self.session.pid):
            self.tell(self._asked_of)  # not of what its process has in hand just now
            return
        self.tell(h)
        if again:
            self.answer_when_safe()

    # -- what has to be safe

    @property
    def confirmations(self) -> Confirmations:
        """Who waits for what is kept here."""
        if self._confirmations is None:
            self._confirmations = Confirmations(self, self._save)
        return self._confirmations

    def confirm(self, done: Callable[[], None], gone: Callable[[], None] | None = None) -> None:
        """A sender waits: the client is asked, and what it does not acknowledge in time is put on disk."""
        if self.confirmations.confirm(done, gone, at_once=self.detached):
            return
        if CLOCK.monotonic() - self._asked_at >= ASK_AGAIN:
            self.ask()
        elif not self._asking_soon:
            self._asking_soon = True
            TIMERS.after(ASK_AGAIN, self._ask_soon)

    def is_safe(self) -> bool:
        """Whether nothing of it has to be waited for."""
        return not self.kept or self.confirmations.is_safe

    def when_acknowledged(self, done: Callable[[], None]) -> int:
        """Call done() when the client has acknowledged what it has been sent so far; with which count that is."""
        return self.confirmations.when_acknowledged(done)

    @property
    def has_rows(self) -> bool:
        """Whether something of it may be on disk."""
        return self._confirmations is not None

    @property
    def key(self) -> SessionKey:
        """What rows of it are called."""
        jid = self.session.jid
        return jid.domain, jid.local, self.session.entry.stream_id

    def _save(self, entries: Sequence[KeptStanza], done: Callable[[bool], None]) -> None:
        queue_writer.save(self.session.host, self.rows(entries), done)

    def rows(self, entries: Sequence[KeptStanza]) -> tuple[StoredStanza, ...]:
        """As they lie on disk."""
        host, user, id_ = self.key
        mine, resource = lives.owner(), self.session.jid.resource
        return tuple(
            [StoredStanza(host, user, id_, e.number, mine, resource, e.kind, e.first_sent, e.xml) for e in entries]
        )

    def _done(self, number: int) -> list[KeptStanza]:
        done = super()._done(number)
        self._look_at = 0
        if (self._asked - self.acked) & MASK > len(self.kept):
            self._asked = self.acked
        if self._confirmations is not None:
            if done and self._confirmations.has_saved and self._confirmations.are_saved(done):
                queue_writer.drop(self.key, done[-1].number)  # behind what is being written now
                on_disk.heard(self.session, self.acked)
            self._confirmations.acknowledged()
        return done

    # -- asking

    def _ask_for_all(self) -> str:
        """The `<r/>` that is now sent."""
        self._asked, self._look_at, self._asked_at = self.written, 0, CLOCK.monotonic()
        return ASK

    def ask(self) -> None:
        """Ask now, if something is on its way to the client that it was not asked for."""
        stream = self.session.stream
        if self._asked != self.written and stream is not None and not self.detached:
            stream.send(self._ask_for_all())

    def hurry(self) -> None:
        """Somebody stands still until the client has answered: ask now, whenever it was asked last."""
        if self.confirmations.wait_behind(self._asked):
            self.ask()

    def _ask_soon(self) -> None:
        self._asking_soon = False
        self.hurry()

    def _ask_late(self) -> None:
        self._timer = None
        self.ask()

    # -- what cannot be written

    def _wait(self, entry: KeptStanza) -> None:
        """It stays in the queue."""
        first = not self.unwritten
        self.hold(entry)
        self._look_at = 0
        if self.detached:
            self.confirmations.commit_soon()
        stream = self.session.stream
        if first and not self.detached and stream is not None:
            self._tell_writable()
        self._check()

    def _tell_writable(self) -> None:
        stream, pid = self.session.stream, self.session.pid
        assert stream is not None
        stream.tell_writable(lambda: process.send(pid, WriteRest()))

    def write_rest(self) -> None:
        """Write what waits, in its order, while the client reads."""
        stream = self.session.stream
        if stream is None or self.detached:
            return
        while not stream.congested and (entry := self.next_unwritten()) is not None:
            stream.send(entry.xml)
        if self.unwritten:
            self._tell_writable()
        self.ask()

    def _check(self) -> None:
        """Too much: give up the connection, and, if there is none, the session."""
        if (len(self.kept) <= self._most and self.size <= self._most_bytes) or len(self.kept) == 1 or self.ended:
            return
        stream = self.session.stream
        if not self.detached and stream is not None:
            self.detached = True
            self._make_room()
            stream.give_up("it does not acknowledge what it gets")
        elif self.detached:
            self.ended = True
            process.send(self.session.pid, Kick("resource-constraint", "too much waits for a client that is away"))

    def _make_room(self) -> None:
        """A connection is there, or is not there any more: beside what lies in the queue so much may come."""
        most, octets = self.limits.stanzas, self.limits.octets
        least = 0 if self.detached else ON_THE_WAY
        self._most = min(max(len(self.kept) + most, least * most), AT_LAST * most)
        self._most_bytes = min(max(self.size + octets, least * octets), AT_LAST * octets)

    # -- from connection to connection

    def detach(self) -> None:
        """The connection is lost; what comes from now on waits."""
        if not self.detached:
            self.detached = True
            self._make_room()
        self._look_at = 0
        if self.kept:
            self.confirmations.commit()

    def all_written(self) -> None:
        """All that has to be on disk is there."""
        self.moved = False
        self.confirmations.all_written()

    def attach(self, h: int) -> list[KeptStanza]:
        """A new connection is there, whose client has got `h`. What it has not got is to be written: write_rest.
        Returns and raises as `resume`."""
        done = self.resume(h)
        self.detached = False
        self._make_room()
        self._asked = self.acked
        return done

    def forget(self) -> None:
        """The session is over."""
        timer, self._timer = self._timer, None
        if timer is not None:
            TIMERS.drop(timer)
        if self._confirmations is not None:
            self._confirmations.forget()
