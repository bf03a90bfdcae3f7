"""inactive — what is kept back from a client that nobody looks at, until something urgent comes or it has waited long.

Way:      Stream.send → [InactiveClient] → Stream.send, with what has waited first; mod_csi → flush, end
Process:  runs in the c2s; its timer sends to that
XEP:      0352; 0203 (the time at which it came)

What is kept back was not counted, and is not in the queue of stream management (XEP-0198): it is counted when it is
written. Nothing overtakes it: whatever is written to the client has it written before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.timer import TimerRef
from xmpp_core import ns, stamp
from xmpp_core.element import Element
from xmpp_core.stanza import Iq, Stanza, is_stanza
from xmppd import metrics
from xmppd.mods.csi import urgency
from xmppd.mods.csi.held import HeldStanza, HeldStanzas
from xmppd.routing import faults
from xmppd.routing.context import Context
from xmppd.routing.session import C2sSession, ClientStream
from xmppd.routing.written_message import WrittenMessage

_HELD = metrics.counter("xmppd_csi_held_total", "stanzas that were kept back from an inactive client").cell()
_REPLACED = metrics.counter("xmppd_csi_replaced_total", "those of them that a later one has replaced").cell()


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """What may wait: stanzas, bytes, seconds; of which kinds (urgency)."""

    stanzas: int
    octets: int
    seconds: float
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class HeldLong:
    """To the own mailbox: the first that waits has waited long enough."""


class InactiveClient:
    """An OutgoingFilter, of one session, as long as its client is inactive."""

    __slots__ = ("_held", "_limits", "_owner", "_session", "_stream", "_timer")

    def __init__(self, session: C2sSession, stream: ClientStream, limits: HoldLimits) -> None:
        self._session, self._stream, self._limits = session, stream, limits
        self._owner, self._held = session.user, HeldStanzas()
        self._timer: TimerRef | None = None

    def passes(self, stanza: Stanza | Element, context: Context | None, others: tuple[str, ...] = ()) -> bool:
        """As an OutgoingFilter: what is urgent passes, behind all that waits."""
        if isinstance(stanza, Element):
            if is_stanza(stanza):
                self.flush()
            return True
        key = self._key(stanza)
        if key is None:
            self.flush()
            return True
        self._keep(key, HeldStanza(stanza, stanza.weight(), CLOCK.time(), context, others))
        return False

    def _key(self, stanza: Stanza) -> urgency.Key:
        if isinstance(stanza, Iq | WrittenMessage):  # the second is what an archive answers: it is not parsed for this
            return None
        return urgency.key_of(stanza, self._owner, self._limits.kinds)

    def _keep(self, key: urgency.Key, one: HeldStanza) -> None:
        _HELD.n += 1
        if self._held.put(key, one):
            _REPLACED.n += 1
        if len(self._held) > self._limits.stanzas or self._held.octets > self._limits.octets:
            self.flush()
        elif self._timer is None:
            self._timer = process.send_after(self._limits.seconds, self._session.pid, HeldLong())

    def flush(self) -> None:
        """Write what waits, in its order."""
        self.forget()
        stream, waiting = self._stream, self._held.take()
        if not waiting:
            return
        before, stream.outgoing = stream.outgoing, None
        try:
            for one in waiting:
                self._write(one)
        finally:
            stream.outgoing = before

    def _write(self, one: HeldStanza) -> None:
        try:
            self._stream.send(_with_time(one, self._session.host), one.context, one.others)
        except Exception as error:
            faults.log(error, f"writing what has waited for {self._session.jid}")

    def end(self) -> None:
        """The client is active: nothing waits any more."""
        self.flush()
        if self._stream.outgoing is self:
            self._stream.outgoing = None

    def forget(self) -> None:
        """The timer goes."""
        timer, self._timer = self._timer, None
        if timer is not None:
            process.cancel_timer(timer)


def _with_time(one: HeldStanza, host: str) -> Stanza:
    """With the time at which it came, unless it says one already."""
    element = one.stanza.el
    if element.child("delay", ns.DELAY) is not None:
        return one.stanza
    mark = stamp.delay(host, datetime.fromtimestamp(one.since, UTC))
    return one.stanza.with_el(element.with_children(*element.children, mark))
