"""slow_reader — counts and bounds what waits for a client that does not read.

Way:      stream.c2s_session → [slow_reader] → back to it when the client has read; StreamError if too much waits
OTP:      the max_heap_size of a process; cf. max_fsm_queue of ejabberd_c2s
Process:  runs in the c2s, which does nothing else meanwhile; a client that reads costs nothing
"""

from __future__ import annotations

from typing import Final

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Ref
from xmpp_core.errors import StreamError
from xmppd.net.connection import Connection
from xmppd.routing import hold
from xmppd.routing.deliver import Deliver, DeliverIfNewer

#: messages that may wait for a client that reads too slowly, and seconds it gets to read before they are counted
MOST_WAITING: Final = 1000
PATIENCE: Final = 1.0


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

    Raises StreamError if more bytes come meanwhile than half of what may wait in the connection, or if more than
    MOST_WAITING messages wait when PATIENCE is over. All that has come stays in the mailbox.
    """
    me, read = process.self_(), process.make_ref()
    connection.tell_writable(lambda: process.send(me, read))
    while True:
        waiting = _Waiting(read, connection.limit // 2)
        try:
            message = await process.receive(waiting, PATIENCE)
        except ReceiveTimeout:
            if waiting.seen <= MOST_WAITING:
                continue
        else:
            if message is read:
                return
            await _put_back(message, waiting.seen - 1)
        raise StreamError("resource-constraint", "the client reads too slowly")


async def _put_back(message: object, place: int) -> None:
    queue = await process.flush()
    for one in (*queue[:place], message, *queue[place:]):
        process.send(process.self_(), one)
