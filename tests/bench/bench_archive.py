"""bench_archive — what a page of an archive costs, however large the archive is: times, and the plans of the database.

    python -m tests.bench.bench_archive [ROWS] [postgres]

Fills a database with messages of one account that talks with 100 others, and of 1000 accounts beside it, and reads
pages of 50: the newest, one from the middle in either direction, and the same of one talk. Without `postgres` the
database is a file of SQLite, in the folder for temporary files: ten million rows are 4 GB of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.support import node, postgres
from xmppd.archive import pages, tables
from xmppd.archive.pages import Part
from xmppd.archive.tables import ARCHIVE, BY_PEER
from xmppd.store import store
from xmppd.store.backend import Backend, Range, StoreConfig
from xmppd.store.direct import open_direct
from xmppd.store.store_sql import find_query

WHO: Final = ("localhost", "juliet")
PEERS: Final = 100
OTHERS: Final = 1000
STEP: Final = 1 << 20
SCHEMA: Final = tables.SCHEMA
_XML: Final = (
    "<message xmlns='jabber:client' from='peer{0}@example.org/phone' to='juliet@localhost' id='m{1}' type='chat'>"
    "<body>hello there, this is a message of usual length, number {1}</body></message>"
)
_CHUNK: Final = 50_000


def rows(number: int) -> Iterator[tuple[Any, ...]]:
    """Nine of ten are juliet's."""
    for n in range(number):
        user = "juliet" if n % 10 else f"user{n // 10 % OTHERS}"
        peer = n * 7919 % PEERS
        yield ("localhost", user, n * STEP, f"peer{peer}@example.org", "phone", f"m{n}", 0, _XML.format(peer, n))


def fill(config: StoreConfig, number: int) -> None:
    """Put them there, in few large transactions."""
    db = open_direct(config)
    columns = ", ".join([f'"{name}"' for name in ARCHIVE.columns])
    marks = ", ".join([db.dialect.mark] * len(ARCHIVE.columns))
    chunk: list[tuple[Any, ...]] = []
    source = rows(number)
    while chunk := [row for _, row in zip(range(_CHUNK), source, strict=False)]:
        if db.dialect.name == "postgres":
            chunk = [(*row[:6], bool(row[6]), row[7]) for row in chunk]
        db.begin(write=True)
        db.many(f'INSERT INTO "archive" ({columns}) VALUES ({marks})', chunk)
        db.end()
    if db.dialect.name == "postgres":
        db.query('ANALYZE "archive"')
    db.close()


def parts(number: int) -> dict[str, tuple[Part, bool]]:
    """What is asked, and whether from the end."""
    middle, peer = number // 2 * STEP, "peer7@example.org"
    return {
        "the newest": (Part(), True),
        "after one in the middle": (Part(after=middle), False),
        "before one in the middle": (Part(before=middle), True),
        "the newest of a talk": (Part(peer), True),
        "of a talk, after one in the middle": (Part(peer, after=middle), False),
        "of a talk, before one in the middle": (Part(peer, before=middle), True),
    }


def plan(config: StoreConfig, part: Part, backwards: bool) -> str:
    """How the database finds a page."""
    prefix, by = ((*WHO, part.peer), BY_PEER) if part.peer else (WHO, ())
    piece = Range(prefix, part.after, part.before, pages.PORTION, backwards, by)
    if config.backend == "sqlite":
        found = find_query(ARCHIVE, piece, "?")
        with sqlite3.connect(config.path) as conn:
            lines = conn.execute("EXPLAIN QUERY PLAN " + found.sql, tuple(found.params)).fetchall()
        return "; ".join([str(line[3]) for line in lines])
    found = find_query(ARCHIVE, piece, "%s")
    db = open_direct(config)
    lines = db.query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + found.sql, found.params)
    db.close()
    return "; ".join([str(line[0]).strip() for line in lines])


async def measure(backend: Backend, part: Part, backwards: bool, times: int = 40) -> tuple[int, float]:
    """Rows of the page, and ms that it takes (the median)."""
    store.use(backend)
    took, found = [], []
    for _ in range(times):
        began = time.perf_counter()
        found, _ = await pages.read(WHO, part, 50, backwards=backwards)
        took.append(time.perf_counter() - began)
    return len(found), statistics.median(took) * 1000


def run(config: StoreConfig, number: int) -> list[tuple[str, int, float, str]]:
    """(what, rows, ms, plan) of each page."""

    async def body() -> list[tuple[str, int, float, str]]:
        backend = store.open_backend(config, [SCHEMA])
        try:
            await asyncio.to_thread(fill, config, number)
            return [
                (what, *await measure(backend, *asked), plan(config, *asked)) for what, asked in parts(number).items()
            ]
        finally:
            store.use(None)
            backend.close()

    found: list[tuple[str, int, float, str]] = node.run(body)
    return found


def main() -> None:
    """Print what was measured."""
    number = int(next((word for word in sys.argv[1:] if word.isdigit()), 1_000_000))
    with tempfile.TemporaryDirectory() as folder:
        config, cluster = StoreConfig("sqlite", str(Path(folder) / "store.sqlite3")), None
        if "postgres" in sys.argv:
            cluster = postgres.Cluster()
            config = StoreConfig("postgres", postgres.fresh(cluster.url))
        try:
            print(f"{number} rows, {config.backend}")
            for what, count, took, how in run(config, number):
                print(f"{what:36} {count:3} rows {took:7.3f} ms   {how}")
        finally:
            if cluster is not None:
                cluster.remove()


if __name__ == "__main__":
    main()
