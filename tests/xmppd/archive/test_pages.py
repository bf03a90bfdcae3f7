"""test_pages — whoever pages through an archive sees each message once, in order, on every kind of store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import node
from xmppd.archive import pages, retention, tables
from xmppd.archive.pages import Part
from xmppd.archive.tables import ARCHIVE, BY_PEER, ArchivedMessage
from xmppd.store import store, store_sql
from xmppd.store.backend import Range, StoreConfig
from xmppd.store.schema import Schema

WHO = ("localhost", "juliet")
SCHEMA = Schema("mod_mam", tables.MIGRATIONS)
PEERS = ("romeo@localhost", "nurse@localhost", "juliet@localhost")


def row(seq: int, peer: int = 0, resource: str = "", user: str = "juliet", xml: str = "<message/>") -> ArchivedMessage:
    return ArchivedMessage("localhost", user, seq, PEERS[peer], resource, f"m{seq}", False, xml)


def with_store(body: Callable[[], Any], config: StoreConfig | None = None) -> None:
    async def whole() -> None:
        backend = store.open_backend(config or StoreConfig("memory"), [SCHEMA])
        store.use(backend)
        try:
            await body()
        finally:
            store.use(None)
            backend.close()

    node.run(whole)


ROWS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 2), st.sampled_from(["", "a", "b"])), unique_by=lambda r: r[0]
)
PARTS = st.builds(
    Part,
    st.sampled_from(["", *PEERS]),
    st.sampled_from(["", "a"]),
    st.integers(-1, 61),
    st.integers(0, 70),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS, PARTS, st.integers(1, 7), st.booleans(), st.lists(st.integers(0, 60), max_size=6))
def test_any_walk_visits_every_message_once(
    rows: list[tuple[int, int, str]], part: Part, limit: int, backwards: bool, old: list[int]
) -> None:
    """Also while retention takes away the oldest between two pages."""
    if part.resource and not part.peer:
        part = Part("", "", part.after, part.before)
    model = sorted([row(*one) for one in rows], key=lambda one: one.seq)
    floors = iter(old)

    async def body() -> None:
        await store.transaction(lambda tx: tx.write_many([*model, row(5, user="other")]))
        seen: list[ArchivedMessage] = []
        now, gone = part, 0
        while True:
            found, complete = await pages.read(WHO, now, limit, backwards=backwards)
            assert len(found) <= limit
            assert [one.seq for one in found] == sorted(one.seq for one in found)
            seen = [*found, *seen] if backwards else [*seen, *found]
            if complete:
                break
            now = (
                Part(part.peer, part.resource, part.after, found[0].seq)
                if backwards
                else Part(part.peer, part.resource, found[-1].seq, part.before)
            )
            floor = next(floors, 0)
            await retention.purge(*WHO, floor)
            gone = max(gone, floor)
        wanted = [one for one in model if part.has(one)]
        missing = [one for one in wanted if one not in seen]
        assert seen == [one for one in wanted if one in seen]
        assert all(one.seq < gone for one in missing), "only what was deleted before its page came"

    with_store(body)


def test_a_page_is_small_where_messages_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_CHARS", 100)

    async def body() -> None:
        await store.transaction(
            lambda tx: tx.write_many([row(n, xml="x" * size) for n, size in enumerate([60, 30, 200])])
        )
        found, complete = await pages.read(WHO, Part(), 50)
        assert ([one.seq for one in found], complete) == ([0, 1], False)
        found, complete = await pages.read(WHO, Part(after=1), 50)
        assert ([one.seq for one in found], complete) == ([2], True), "one comes, however large"

    with_store(body)


def test_ends_count_and_single_ones() -> None:
    async def body() -> None:
        assert await pages.ends(WHO) is None
        assert await pages.count(WHO, Part(), 1000) == 0
        await store.transaction(lambda tx: tx.write_many([row(n, n % 2) for n in range(120)]))
        ends = await pages.ends(WHO)
        assert ends is not None
        assert [one.seq for one in ends] == [0, 119]
        assert await pages.count(WHO, Part(), 1000) == 120
        assert await pages.count(WHO, Part(PEERS[1]), 1000) == 60
        assert await pages.count(WHO, Part(), 49) is None
        assert [one and one.seq for one in await pages.read_these(WHO, [7, 500, 9])] == [7, None, 9]

    with_store(body)


def test_a_page_is_one_descent_into_an_index(tmp_path: Path) -> None:
    """The plans of SQLite for both orders, both ways: a search, and no sort."""
    path = tmp_path / "store.sqlite3"
    with_store(lambda: asyncio.sleep(0), StoreConfig("sqlite", str(path)))
    conn = sqlite3.connect(path)
    for piece in (Range(WHO, 1, 9, 51), Range((*WHO, PEERS[0]), 1, 9, 51, by=BY_PEER)):
        for backwards in (False, True):
            asked = Range(piece.prefix, piece.after, piece.before, piece.limit, backwards, piece.by)
            found = store_sql.find_query(ARCHIVE, asked, "?")
            plan = [line[3] for line in conn.execute("EXPLAIN QUERY PLAN " + found.sql, tuple(found.params))]
            assert len(plan) == 1
            used = (
                "INDEX archive_host_user_peer_seq (host=? AND user=? AND peer=? AND"
                if piece.by
                else ("PRIMARY KEY (host=? AND user=? AND")
            )
            assert plan[0] == f"SEARCH archive USING {used} seq>? AND seq<?)"
    conn.close()
