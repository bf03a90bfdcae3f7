"""slow_reader — counts and bounds what waits for a client that does not read.

Way:      stream.c2s_session → [slow_reader] → back to it when the client has read; StreamError if too much waits
OTP:      the max_heap_size of a process; cf. max_fsm_queue of ejabberd_c2s
Process:  runs in the c2s, which does nothing else meanwhile; a client that reads costs nothing

When too much waits, presence that is old by now goes first: of a contact that comes and goes the client sees the end.
A client with stream management waits elsewhere (mods.stream_management), in a queue with bounds of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Ref
from xmpp_core.errors import StreamError
from xmpp_core.stanza import Presence
from xmppd import limits_hit, metrics
from xmppd.net.connection import Connection
from xmppd.routing import hold
from xmppd.routing.deliver import Deliver, DeliverIfNewer

#: messages that may wait for a client that reads too slowly, and seconds it gets to read before they are counted
MOST_WAITING: Final = 1000
PATIENCE: Final = 1.0
#: clients that are waited for now
SLOW: Final = metrics.gauge("xmppd_slow_readers", "clients that have not read what was written to them").cell()


class _Waiting:
    """Looks at each message of the mailbox once, as it comes; picks `read`, or the one that is too much."""

    def __init__(self, read: Ref, limit: int) -> None:
        self.read, self.limit = read, limit
        self.seen = self.bytes = 0

    def __call__(self, message: object) -> bool:
        if message is self.read:
            return True
        self.seen += 1
        if type(message) is Deliver:
            hold.stamp(message)
        if isinstance(message, (Deliver, DeliverIfNewer)):
            self.bytes += message.stanza.weight()
        return self.bytes > self.limit


async def wait_until_read(connection: Connection) -> None:
    """Wait until the client has read what was written to it, or is gone.

    Raises StreamError if more bytes come meanwhile than a quarter of what may wait in the connection, or if more than
    MOST_WAITING messages wait when PATIENCE is over, and it is not presence that is old by now. All else that has come
    stays in the mailbox.
    """
    me, read = process.self_(), process.make_ref()
    connection.tell_writable(lambda: process.send(me, read))
    SLOW.n += 1
    try:
        while not await _has_read(read, connection.limit // 4):
            if not await _collapse(connection.limit // 8):
                limits_hit.MAILBOX.n += 1
                raise StreamError("resource-constraint", "the client reads too slowly")
    finally:
        SLOW.n -= 1


async def _has_read(read: Ref, limit: int) -> bool:
    """True when the client has read; False when too much waits for it."""
    while True:
        waiting = _Waiting(read, limit)
        try:
            message = await process.receive(waiting, PATIENCE)
        except ReceiveTimeout:
            if waiting.seen > MOST_WAITING:
                return False
            continue
        if message is not read:
            queue = await process.flush()
            _send_all([*queue[: waiting.seen - 1], message, *queue[waiting.seen - 1 :]])
        return message is read


async def _collapse(limit: int) -> bool:
    """Drop presence that is old by now. False if half of what may wait is left, and more: it would not last."""
    queue = await process.flush()
    kept = without_old_presence(queue)
    _send_all(kept)
    limits_hit.COLLAPSED.n += len(queue) - len(kept)
    weight = sum(one.stanza.weight() for one in kept if isinstance(one, (Deliver, DeliverIfNewer)))
    return len(kept) <= MOST_WAITING // 2 and weight <= limit


def without_old_presence(queue: Sequence[object]) -> list[object]:
    """These messages without presence that a later one replaces: of the same sender, to the same address. RFC: 6121
    §4.4.2. Of versions of one thing the highest stays, which need not come last."""
    replaced: dict[tuple[str, ...], int] = {}
    kept = []
    for message in reversed(queue):
        key, version = _replaces(message)
        if key is None or version > replaced.get(key, -1):
            kept.append(message)
            if key is not None:
                replaced[key] = version
    kept.reverse()
    return kept


def _replaces(message: object) -> tuple[tuple[str, ...] | None, int]:
    """What a message says anew, and in which version."""
    if not isinstance(message, (Deliver, DeliverIfNewer)) or not isinstance(message.stanza, Presence):
        return None, 0
    if type(message) is DeliverIfNewer:
        return ("version", message.subject), message.version
    if message.stanza.type not in ("", "unavailable"):
        return None, 0
    attrs = message.stanza.el.attrs
    return ("presence", attrs.get("from", ""), attrs.get("to", "")), 0


def _send_all(messages: Sequence[object]) -> None:
    for one in messages:
        process.send(process.self_(), one)
