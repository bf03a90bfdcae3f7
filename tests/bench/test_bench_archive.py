"""The bench of archives on a small one: each page is found by a search in an index, without a sort."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import bench_archive
from tests.support import postgres
from xmppd.store.backend import StoreConfig

NUMBER = 4000


def test_a_page_of_sqlite_is_one_search(tmp_path: Path) -> None:
    for what, rows, _, plan in bench_archive.run(StoreConfig("sqlite", str(tmp_path / "store.sqlite3")), NUMBER):
        assert 0 < rows < 50 if "talk" in what else rows == 50, what
        index = "INDEX archive_host_user_peer_seq" if "talk" in what else "PRIMARY KEY"
        assert plan.startswith(f"SEARCH archive USING {index} (host=? AND user=? AND "), what
        assert ";" not in plan, "one step, and no sort"


@pytest.mark.skipif(not postgres.available(), reason="needs PostgreSQL")
def test_a_page_of_postgresql_too() -> None:
    cluster = postgres.Cluster()
    try:
        for what, _, _, plan in bench_archive.run(StoreConfig("postgres", postgres.fresh(cluster.url)), NUMBER):
            assert "Seq Scan" not in plan, what
            assert "Index" in plan, what
    finally:
        cluster.remove()
