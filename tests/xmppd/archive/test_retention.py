"""test_retention — the oldest go, in pieces, of each archive of a domain, and nothing else."""

from __future__ import annotations

import pytest

from tests.xmppd.archive.test_pages import row, with_store
from xmppd.archive import retention
from xmppd.archive.tables import ARCHIVE
from xmppd.store import store


def test_the_old_ones_of_all_archives_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 7)

    async def body() -> None:
        users = ["", "anne", "bob", "carl"]
        await store.transaction(lambda tx: tx.write_many([row(n, user=user) for user in users for n in range(30)]))
        await store.transaction(lambda tx: tx.write_many([row(n, user="new") for n in range(25, 40)]))
        assert await retention.sweep("elsewhere", 100) == 0
        assert await retention.sweep("localhost", 20) == 20 * len(users)
        for user in users:
            assert [one.seq for one in await store.select(ARCHIVE, ("localhost", user))] == list(range(20, 30))
        assert await store.count(ARCHIVE, ("localhost", "new")) == 15
        assert await retention.sweep("localhost", 20) == 0

    with_store(body)
