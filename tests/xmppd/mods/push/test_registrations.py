"""registrations — which client is whose, and how many an account may have."""

from __future__ import annotations

from dataclasses import replace

from otp.erts.pid import Pid
from tests.support import node
from xmpp_core.jid import JID
from xmppd.mods.push import registrations
from xmppd.mods.push.registrations import PUSH, PushRegistration, are_away
from xmppd.routing.session import Session
from xmppd.store import store
from xmppd.testing.server import serve

OWNER = JID.parse("juliet@localhost")
PHONE = PushRegistration("localhost", "juliet", "push.test", "phone", "p1", "id-of-phone", "<secret/>", 10)


def session(resource: str, client: str = "", attached: bool = True) -> Session:
    return Session(JID("juliet", "localhost", resource), Pid("n", 1, 1), (1, 1), client=client, attached=attached)


def test_a_client_is_known_by_its_id_and_by_its_resource() -> None:
    assert are_away([PHONE], []) == [PHONE]
    assert are_away([PHONE], [session("desk")]) == [PHONE]
    assert are_away([PHONE], [session("other", "id-of-phone")]) == []
    assert are_away([PHONE], [session("p1")]) == []
    assert are_away([PHONE], [session("p1", attached=False)]) == [PHONE]
    assert are_away([replace(PHONE, client="")], [session("other")]) == [replace(PHONE, client="")]


def test_what_an_app_server_knows_is_not_printed() -> None:
    assert "secret" not in repr(PHONE)
    assert "'phone'" not in repr(PHONE)


def test_of_more_than_an_account_may_have_the_oldest_goes() -> None:
    async def body() -> None:
        async with serve():
            for since in (3, 1, 2):
                row = replace(PHONE, node=str(since), since=since)
                await store.transaction(lambda tx, row=row: registrations.write(tx, row, 2))
            assert [row.node for row in await store.select(PUSH, ("localhost", "juliet"))] == ["2", "3"]
            await store.transaction(lambda tx: registrations.write(tx, replace(PHONE, node="3", since=4, form=""), 2))
            rows = await store.select(PUSH, ("localhost", "juliet"))
            assert [(row.node, row.since, row.form) for row in rows] == [("2", 2, "<secret/>"), ("3", 4, "")]
            assert not await store.transaction(lambda tx: registrations.delete_same(tx, replace(rows[1], since=3)))
            assert await store.transaction(lambda tx: registrations.delete(tx, OWNER, service="push.test", node="3"))
            assert await store.transaction(lambda tx: registrations.delete(tx, OWNER, service="push.test"))
            assert not await store.select(PUSH, ("localhost", "juliet"))

    node.run(body)
