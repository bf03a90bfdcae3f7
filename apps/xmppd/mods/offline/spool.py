"""spool — stored messages on their way to a session: handed over, written, and only then deleted.

Way:      mod_offline, writer → [hand_over] → Deliver … to the c2s, HandedOver after them → mod_offline → delete
XEP:      0160 §3, 0203 (delay)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core import ns, parser, stamp
from xmpp_core.element import Element
from xmpp_core.stanza import Message, from_element
from xmppd.routing.deliver import Deliver
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.store.tables import OFFLINE, OfflineMessage


@codec.message
@dataclass(frozen=True, slots=True)
class HandedOver:
    """To the c2s, behind the messages themselves: when it reads this it has written them all."""

    host: str
    user: str
    seqs: tuple[int, ...]


def hand_over(pid: Pid, rows: Sequence[OfflineMessage]) -> None:
    """Sends the messages to a c2s; they stay in the store until HandedOver comes back through its hooks."""
    for row in rows:
        process.send(pid, Deliver(_delayed(row)))
    process.send(pid, HandedOver(rows[0].host, rows[0].user, tuple([row.seq for row in rows])))


def _delayed(row: OfflineMessage) -> Message:
    el = parser.parse_written(row.xml)
    el = el.with_children(*[child for child in el.children if not _is_forged(child, row.host)])
    when = datetime.fromtimestamp(row.stamp / 1000, UTC)
    message = from_element(el.add(stamp.delay(row.host, when, "Offline Storage")))
    assert isinstance(message, Message)
    return message


def _is_forged(child: Element | str, host: str) -> bool:
    """A stamp in the server's name that the sender wrote."""
    return isinstance(child, Element) and child.ns == ns.DELAY and child.get("from") == host


async def delete(done: HandedOver) -> None:
    """The messages have been written to the client's stream."""

    def transaction(tx: Tx) -> None:
        for seq in done.seqs:
            tx.delete(OFFLINE, (done.host, done.user, seq))

    await store.transaction(transaction)
