"""test_start_notes — what the one who starts the server is told of its store.

Way:  xmppd.admin.start_notes
"""

from __future__ import annotations

from tests.support.admin import beside_server
from xmppd.admin import start_notes
from xmppd.auth import auth
from xmppd.store import store


def test_accounts_of_hosts_that_are_gone() -> None:
    async def body() -> list[list[str]]:
        await auth.create_user("here", "localhost", "long enough")
        before = await start_notes.notes()
        for name in ("a", "b"):
            await auth.create_user(name, "gone.example", "long enough")
        await auth.create_user("a", "old.example", "long enough")
        return [before, await start_notes.notes()]

    before, after = beside_server(body)
    assert before == []
    assert [line.partition(",")[0] for line in after] == ["2 accounts of gone.example", "1 account of old.example"]


def test_a_store_that_does_not_answer_is_told_of_elsewhere() -> None:
    async def body() -> list[str]:
        backend = store.current()
        store.use(None)
        try:
            return await start_notes.notes()
        finally:
            store.use(backend)

    assert beside_server(body) == []


def test_a_store_without_accounts_is_named() -> None:
    """A first start; or another store than before, which would refuse everybody without a word."""

    async def body() -> list[list[str]]:
        before = await start_notes.notes()
        await auth.create_user("here", "localhost", "long enough")
        return [before, await start_notes.notes()]

    before, after = beside_server(body)
    assert before == ["the memory store has no account yet: `user add NAME` makes one"]
    assert after == []
