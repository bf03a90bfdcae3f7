"""The row of a stanza that a client has not acknowledged, on every kind of store; it says nothing when it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import node
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.store import store
from xmppd.testing.server import serve

ROW = StoredStanza("localhost", "alice", "id", 4294967295, "w1.3", "desk", "message", 1, "<message/>")


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_a_row_is_read_as_it_was_written(backend: str, tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store=backend, home=tmp_path):
            await store.transaction(lambda tx: tx.write(ROW))
            assert await store.select(SM_STANZA, ("localhost", "alice")) == [ROW]
            assert await store.transaction(lambda tx: tx.clear(SM_STANZA, ("localhost", "alice", "id"), 5)) == 0
            assert await store.transaction(lambda tx: tx.clear(SM_STANZA, ("localhost", "alice", "id"), 1 << 32)) == 1

    node.run(body)


def test_neither_the_id_nor_what_was_said_is_shown() -> None:
    assert "'id'" not in repr(ROW)
    assert "<message" not in repr(ROW)
