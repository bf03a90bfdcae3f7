"""What the session managers say to each other crosses between nodes."""

from __future__ import annotations

from otp.erts import process
from otp.kernel import codec
from tests.support import node
from xmpp_core.jid import JID
from xmppd.routing.session import Session, new_sid
from xmppd.routing.sm_marks import Marked, Noted, Unmark
from xmppd.routing.sm_messages import Drop, Heard, Hello, Put


def test_they_come_as_they_were_sent() -> None:
    async def body() -> None:
        session = Session(JID.parse("juliet@localhost/j"), process.self_(), new_sid(), 3, True)
        for message in (
            Put(session, True),
            Drop(session),
            Heard(True),
            Hello(process.self_(), (session,), 7, True),
            Marked("leaving", "juliet@localhost", process.self_(), 12, True),
            Unmark("fetching", "juliet@localhost", process.self_()),
            Noted(),
        ):
            assert codec.decode(codec.encode(message)) == message

    node.run(body)
