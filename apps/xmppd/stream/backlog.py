"""backlog — what waits for a component that reads too slowly: a bounded part of it, the rest goes back to its senders.

Way:      router → Deliver → component → [backlog] → connection; or → faults.bounce → router → sender
Process:  runs in the component's process, which does nothing else meanwhile; a component that reads costs nothing
RFC:      6120 §8.3.3.18 (resource-constraint)
Differs:  a client that does not read is dropped (slow_reader). A component serves many: one user who floods it
          must not end it, nor take the others' share
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Final

from otp.erts import process
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Stanza
from xmppd.net.connection import Connection
from xmppd.routing import faults, router
from xmppd.routing.deliver import Deliver, Kick, Replaced, Shutdown
from xmppd.stream.driver import Stream

#: the part of the room that one sender may fill
SHARE: Final = 0.25
_ENDS = (Kick, Replaced, Shutdown)
_FULL = StanzaError("resource-constraint", "the service reads too slowly")
_GONE = StanzaError("remote-server-timeout", "the service went away")


class Backlog:
    """Stanzas in their order, up to `limit` bytes, of each sender (a bare JID) a share."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.waiting: deque[tuple[Stanza, int]] = deque()
        self.weight = 0
        self._of: Counter[str] = Counter()

    def take(self, packet: Stanza) -> bool:
        """Keep it; False if there is no room for it."""
        size, who = packet.weight(), _sender(packet)
        if self.weight + size > self.limit or self._of[who] + size > self.limit * SHARE:
            return False
        self.waiting.append((packet, size))
        self.weight += size
        self._of[who] += size
        return True

    def pop(self) -> Stanza:
        """The next one."""
        packet, size = self.waiting.popleft()
        self.weight -= size
        self._of[_sender(packet)] -= size
        return packet


def _sender(packet: Stanza) -> str:
    return packet.from_.bare if packet.from_ is not None else ""


async def write(stream: Stream, packet: Stanza) -> None:
    """Write a stanza; if the component does not read, wait until it has read what came meanwhile,
    too, or is gone, or has to go."""
    connection = stream.connection
    if connection.closing:
        await _refuse(packet, _GONE)
        return
    stream.send(packet)
    backlog = Backlog(connection.limit) if connection.congested else None
    while backlog is not None and (backlog.waiting or (connection.congested and not connection.closing)):
        if connection.closing:
            await _refuse(backlog.pop(), _GONE)
        elif connection.congested:
            if not await _gather(connection, backlog):
                return
        else:
            stream.send(backlog.pop())
            await asyncio.sleep(0)


async def _gather(connection: Connection, backlog: Backlog) -> bool:
    """True when the component has read enough, or is gone. False if its stream is to end by our will: what waits is in
    the mailbox again, behind the word of it."""
    me, read = process.self_(), process.make_ref()
    connection.tell_writable(lambda: process.send(me, read))
    while True:
        message = await process.receive(lambda m: m is read or isinstance(m, (Deliver, *_ENDS)))
        if message is read:
            return True
        if not isinstance(message, Deliver):
            for one in (message, *[Deliver(packet) for packet, _ in backlog.waiting]):
                process.send(me, one)
            return False
        if not backlog.take(message.stanza):
            await _refuse(message.stanza, _FULL)


async def _refuse(packet: Stanza, error: StanzaError) -> None:
    answer = faults.bounce(packet, error)
    if answer is not None:
        await router.route(answer)
