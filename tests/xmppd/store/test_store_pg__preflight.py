"""test_store_pg__preflight — what `config check` says of a PostgreSQL that answers, and of one that refuses.

Way:  xmppd.node.preflight
"""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from tests.support import postgres
from xmppd.config.load import load
from xmppd.node import preflight

pytestmark = pytest.mark.skipif(not postgres.available(), reason="no PostgreSQL on this machine")


def found(home: Path, url: str) -> list[preflight.Finding]:
    return preflight.store(load(None, home, {}, {"store.backend": "postgres", "store.url": url}))


def test_one_that_answers(tmp_path: Path, pg_url: str) -> None:
    assert found(tmp_path, pg_url) == []


def test_a_database_that_there_is_not(tmp_path: Path, pg_url: str) -> None:
    (wrong,) = found(tmp_path, make_conninfo(pg_url, dbname="there_is_none"))
    assert (wrong.place, wrong.status) == ("--set store.url", 78)
    assert "does not exist" in wrong.text
