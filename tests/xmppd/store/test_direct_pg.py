"""PostgreSQL as a tool sees it."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from tests.support import postgres, schemas
from xmppd.auth.tables import SCHEMA
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.direct import open_direct, versions
from xmppd.store.store_pg import prepare

pytestmark = pytest.mark.skipif(not postgres.available(), reason="no PostgreSQL on this machine")


def test_reading_changes_nothing_and_sees_one_moment(pg_url: str) -> None:
    config = StoreConfig("postgres", pg_url)
    with closing(open_direct(config, read_only=True)) as db:
        assert versions(db) == {}
        with psycopg.connect(pg_url, autocommit=True) as conn:
            prepare(conn, schemas.ALL)
            assert versions(db)["auth"] == len(SCHEMA.steps)
            db.begin()
            conn.execute("INSERT INTO secret VALUES ('k', 'v')")
            assert db.query("SELECT count(*) FROM secret") == [(0,)]
            with pytest.raises(StoreError, match="read-only"):
                db.query("DELETE FROM secret")
            db.end(commit=False)
            assert db.query("SELECT count(*) FROM secret") == [(1,)]
        assert db.size() > 1_000_000


def test_a_server_that_does_not_answer_is_an_error_that_may_pass(pg_url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_direct(StoreConfig("postgres", "host=/nowhere dbname=x"))
    assert caught.value.condition == "resource-constraint"
