"""Counts and queue of a session, from one process to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otp.erts.pid import intern
from otp.kernel import codec
from tests.support import node
from xmpp_core.jid import JID
from xmpp_core.lost_counts import LostCounts
from xmppd.mods.stream_management import moves
from xmppd.mods.stream_management.managed_stream import ManagedStream, QueueLimits
from xmppd.routing.session import new_session

JULIET = JID.parse("juliet@localhost/j")


def stream(id_: str = "an id") -> ManagedStream:
    session = new_session(JULIET, intern("w1", 1, 1))
    session.change(stream_id=id_)
    return ManagedStream(session, QueueLimits(), id_, 600)


@given(st.integers(0, 8), st.integers(0, 8), st.booleans())
def test_there_and_back(sent: int, acked: int, lost: bool) -> None:
    async def body() -> None:
        old = stream()
        for n in range(sent):
            old.keep(str(n), "message", 1)
            old.received += 1
        old.acknowledge(min(acked, sent))
        old.lost = LostCounts(7, {old.acked + 1: 9}) if lost else None
        state = codec.decode(codec.encode(moves.state_of(old, whole=True)))
        new = moves.restore(new_session(JULIET, intern("w2", 1, 1)), QueueLimits(), state)
        assert (new.id, new.seconds, new.received, new.told) == (old.id, old.seconds, old.received, old.received)
        assert (new.acked, new.sent, new.lost) == (old.acked, old.sent, old.lost)
        assert [(e.number, e.xml, e.kind) for e in new.kept] == [(e.number, e.xml, e.kind) for e in old.kept]
        assert (new.detached, new.moved) == (True, True)
        assert "kept" not in moves.state_of(old, whole=False)

    node.run(body)
