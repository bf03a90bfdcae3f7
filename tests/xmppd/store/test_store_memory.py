"""The dicts and SQLite answer alike, whatever is done to them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import node, schemas
from xmppd.mods.mod_private import PRIVATE, PrivateXml
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.store.backend import Backend, StoreConfig, Tx, table_of
from xmppd.store.store import open_backend

TABLES = (OFFLINE, PRIVATE)
NAMES = st.sampled_from(["a", "A", "b", "é", "a\x01"])
SEQS = st.integers(-2, 12)
RECORDS = st.one_of(
    st.builds(OfflineMessage, NAMES, NAMES, SEQS, st.integers(0, 2**62), st.text(max_size=3)),
    st.builds(PrivateXml, NAMES, NAMES, NAMES, NAMES, st.text(max_size=3)),
)
OFFLINE_KEYS = st.tuples(NAMES, NAMES, SEQS)
PREFIXES = st.one_of(st.just(()), st.tuples(NAMES), st.tuples(NAMES, NAMES))
Step = Callable[[Tx], Any]


class Undo(Exception):
    """Ends a transaction that is to leave nothing."""


def _write(record: Any) -> Step:
    return lambda tx: tx.write(record)


def _delete(key: Any) -> Step:
    return lambda tx: tx.delete(OFFLINE, key)


def _clear(table: Any, prefix: Any) -> Step:
    return lambda tx: tx.clear(table, prefix)


def _look(table: Any, prefix: Any, limit: int | None) -> Step:
    return lambda tx: (tx.select(table, prefix, limit), tx.last(table, prefix), tx.count(table, prefix))


STEPS = st.one_of(
    st.builds(_write, RECORDS),
    st.builds(_delete, OFFLINE_KEYS),
    st.builds(_clear, st.sampled_from(TABLES), PREFIXES),
    st.builds(_look, st.sampled_from(TABLES), PREFIXES, st.none() | st.integers(0, 3)),
)
TRANSACTIONS = st.lists(st.tuples(st.lists(STEPS, max_size=6), st.booleans()), max_size=12)


def transaction(steps: list[Step], good: bool, log: list[Any]) -> Step:
    def fn(tx: Tx) -> int:
        log.append([step(tx) for step in steps])
        if not good:
            raise Undo
        return len(steps)

    return fn


async def history(backend: Backend, transactions: list[tuple[list[Step], bool]]) -> list[Any]:
    """All that could be observed of the transactions, and what is there in the end."""
    log: list[Any] = []
    for steps, good in transactions:
        try:
            log.append(await backend.transaction(transaction(steps, good, log)))
        except Undo:
            log.append("undone")
    for table in TABLES:
        rows = await backend.select(table)
        log += [rows, await backend.count(table), [await backend.read(table_of(r), table.key_of(r)) == r for r in rows]]
    return log


@settings(max_examples=60, deadline=None)
@given(TRANSACTIONS)
def test_memory_and_sqlite_have_the_same_history(transactions: list[tuple[list[Step], bool]]) -> None:
    async def body() -> None:
        with tempfile.TemporaryDirectory() as folder:
            memory = open_backend(StoreConfig("memory"), schemas.ALL)
            sqlite = open_backend(StoreConfig("sqlite", str(Path(folder) / "x"), "normal"), schemas.ALL)
            try:
                assert await history(memory, transactions) == await history(sqlite, transactions)
            finally:
                sqlite.close()

    node.run(body)
