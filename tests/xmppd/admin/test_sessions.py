"""test_sessions — who is connected, on a worker.

Way:  xmppd.admin.sessions
"""

from __future__ import annotations

import pytest

from otp.erts import process
from tests.support.admin import beside_server
from xmpp_core.jid import JID
from xmppd.admin import sessions
from xmppd.commands import CommandError
from xmppd.routing.deliver import Kick
from xmppd.routing.session import new_session
from xmppd.routing.sm import sm


async def client(jid: str, seen: list[object]) -> None:
    session = new_session(JID.parse(jid), process.self_(), info={"ip": "192.0.2.1", "mechanism": "PLAIN"})
    await sm.open_session(session)
    await process.receive(lambda message: message == "there?" or seen.append(message) is None)
    await sm.close_session(session)


def test_sessions_are_listed_and_kicked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "xmppd.audit")

    async def body() -> None:
        seen: list[object] = []
        for resource in ("one", "two"):
            process.spawn(client, f"alice@localhost/{resource}", seen)
        process.spawn(client, "bob@other.example/x", seen)
        await process.sleep(0.05)
        rows = await sessions.list_(None)
        assert [row["jid"] for row in rows] == ["alice@localhost/one", "alice@localhost/two", "bob@other.example/x"]
        assert (rows[0]["node"], rows[0]["ip"], rows[0]["priority"]) == ("test", "192.0.2.1", None)
        assert len(await sessions.list_(JID.parse("alice@localhost"))) == 2
        assert len(sm.all_sessions()) == 3
        assert await sessions.kick("alice@localhost/two", "out") == {"kicked": 1}
        await process.sleep(0.05)
        assert await sessions.kick("alice", None) == {"kicked": 1}
        await process.sleep(0.05)
        assert seen == [Kick(text="out"), Kick()]
        assert [row["jid"] for row in await sessions.list_(None)] == ["bob@other.example/x"]
        assert caplog.messages[-2:] == [
            'operator ended 1 sessions, "alice@localhost/two", "out"',
            'operator ended 1 sessions, "alice@localhost"',
        ]

    beside_server(body)


@pytest.mark.parametrize(("who", "words"), [("alice", "is not connected"), ("a b@localhost", "is no user name")])
def test_who_cannot_be_kicked(who: str, words: str) -> None:
    async def body() -> None:
        with pytest.raises(CommandError, match=words):
            await sessions.kick(who, None)

    beside_server(body)
