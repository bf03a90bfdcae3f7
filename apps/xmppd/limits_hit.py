"""limits_hit — how often each limit of this server was met: what an operator looks at when it is under load.

Way:      net, auth, routing, stream → [limits_hit] → metrics
Process:  none: numbers of this worker

    limits_hit.MAILBOX.n += 1
"""

from __future__ import annotations

from typing import Final

from xmppd import metrics

HIT: Final = metrics.counter(
    "xmppd_limits_hit_total",
    "how often a limit was met",
    limit=(
        "connections", "address", "unauthenticated", "unauthenticated_address", "descriptors", "rate", "stanza",
        "login_queue", "send_queue", "stalled", "mailbox", "collapsed", "ping", "memory_accept", "memory_dropped",
        "memory_restart", "long_message_queue", "stuck",
    ),
)  # fmt: skip

#: a connection was refused: too many in all, or of its address
CONNECTIONS: Final = HIT.cell("connections")
ADDRESS: Final = HIT.cell("address")
#: one that had not logged in was closed for another: in all, or of its address
UNAUTHENTICATED: Final = HIT.cell("unauthenticated")
UNAUTHENTICATED_ADDRESS: Final = HIT.cell("unauthenticated_address")
#: a connection was refused: too few file descriptors are left
DESCRIPTORS: Final = HIT.cell("descriptors")
#: a client was not read for a while, since it sends too much
RATE: Final = HIT.cell("rate")
#: a stream was ended, since an element is too large, too deep, or has too many parts
STANZA: Final = HIT.cell("stanza")
#: a login was put off: too many passwords wait to be checked
LOGIN_QUEUE: Final = HIT.cell("login_queue")
#: a peer does not read: too many bytes wait in its connection, or none were read for a while
SEND_QUEUE: Final = HIT.cell("send_queue")
STALLED: Final = HIT.cell("stalled")
#: a client does not read: too much waits in the mailbox of its stream; or less does, without presence that is old
MAILBOX: Final = HIT.cell("mailbox")
COLLAPSED: Final = HIT.cell("collapsed")
#: a client did not answer a ping
PING: Final = HIT.cell("ping")
#: of memory too much is taken: nobody is accepted; a slow reader was let go; the worker starts again
MEMORY_ACCEPT: Final = HIT.cell("memory_accept")
MEMORY_DROPPED: Final = HIT.cell("memory_dropped")
MEMORY_RESTART: Final = HIT.cell("memory_restart")
#: too many messages wait for a process; one that has a name takes none
LONG_MAILBOX: Final = HIT.cell("long_message_queue")
STUCK: Final = HIT.cell("stuck")


def mailbox(kind: str) -> None:
    """A process was found that does not keep up (otp.kernel.system_monitor)."""
    HIT.cell(kind).n += 1
