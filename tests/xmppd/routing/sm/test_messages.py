"""What the session managers say to each other crosses between nodes."""

from __future__ import annotations

from otp.erts import process
from otp.kernel import codec
from tests.support import node
from xmpp_core.jid import JID
from xmppd.routing.session import Session, new_sid
from xmppd.routing.sm.flags import ClearFlag, FlagAck, FlagSet
from xmppd.routing.sm.messages import Ack, Delete, SmAgain, SmHello, Upsert


def test_they_come_as_they_were_sent() -> None:
    async def body() -> None:
        session = Session(
            JID.parse("juliet@localhost/j"), process.self_(), new_sid(), 3, True, (("ip", "::1"),), "w1@host"
        )
        known = session._replace(client="phone", published=(("caps", "x"), ("copies", True)))
        for message in (
            Upsert(session, 5, True),
            Upsert(known, 6),
            Upsert(session._replace(attached=False), 7),
            Delete(session.jid, session.pid, 8, 9),
            Ack(True),
            SmHello(process.self_(), (session, known), 7, "host", 8, True),
            SmAgain(process.self_()),
            FlagSet("leaving", "juliet@localhost", process.self_(), 12, True),
            ClearFlag("fetching", "juliet@localhost", process.self_()),
            FlagAck(),
        ):
            assert codec.decode(codec.encode(message)) == message

    node.run(body)
