"""Journeys: what leaves together, and what many rows become."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.support import postgres, schemas
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.store import pg_tx
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.pg_pool import PgConnection, PgPool
from xmppd.store.pg_tx import PgTx, Uncommitted, commit, read_all
from xmppd.store.store_pg import prepare
from xmppd.store.store_sql import count_query, read_query


def test_many_rows_are_one_statement() -> None:
    assert pg_tx._insert(OFFLINE).startswith(
        b'INSERT INTO "offline" ("host", "user", "seq", "stamp", "xml", "expire", "total", "archived")'
        b" SELECT * FROM unnest(%s::TEXT[], %s::TEXT[], %s::BIGINT[], %s::BIGINT[], %s::TEXT[], %s::BIGINT[],"
        b' %s::BIGINT[], %s::TEXT[]) ON CONFLICT ("host", "user", "seq") DO UPDATE SET "stamp" = excluded."stamp"'
    )
    assert pg_tx._delete(OFFLINE) == 'DELETE FROM "offline" WHERE "host" = %s AND "user" = %s AND "seq" = ANY(%s)'


if postgres.available():

    @pytest.fixture(params=[True, False], ids=["here", "across a network"])
    def conn(request: pytest.FixtureRequest, pg_url: str) -> Iterator[PgConnection]:
        with psycopg.connect(pg_url, autocommit=True) as plain:
            prepare(plain, schemas.ALL)
        pool = PgPool(StoreConfig("postgres", pg_url, pool=1))
        with pool.lend(time.monotonic() + 60) as lent:
            lent.is_local = request.param
            yield lent
        pool.close()

    def statements_of(conn: PgConnection) -> int:
        """How many transactions this database has seen committed or rolled back."""
        return int(conn.execute("SELECT count(*) FROM vcard").fetchall()[0][0])

    def test_a_row_that_cannot_be_written_fails_the_transaction_when_it_is_committed(conn: PgConnection) -> None:
        def fn(tx: PgTx) -> None:
            tx.write(Vcard("localhost", "romeo", "<vCard/>"))
            tx.write_many([OfflineMessage("localhost", "romeo", 2**70, 0, "")])

        with pytest.raises((psycopg.Error, StoreError)):
            commit(conn, fn)
        conn.rollback()
        assert statements_of(conn) == 0

    def test_before_commit_a_broken_connection_means_that_nothing_is_stored(conn: PgConnection, pg_url: str) -> None:
        def fn(tx: PgTx) -> int:
            tx.write(Vcard("localhost", "romeo", "<vCard/>"))
            with psycopg.connect(pg_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
            return tx.count(VCARD)

        with pytest.raises(Uncommitted):
            commit(conn, fn)

    def test_queries_that_leave_together_each_have_their_answer(conn: PgConnection) -> None:
        commit(conn, lambda tx: tx.write_many([Vcard("localhost", str(n), "<vCard/>") for n in range(3)]))
        queries = [read_query(VCARD, ("localhost", "1"), "%s"), read_query(VCARD, ("x", "1"), "%s")]
        assert read_all(conn, [*queries, count_query(VCARD, ("localhost",), "%s")]) == [
            Vcard("localhost", "1", "<vCard/>"),
            None,
            3,
        ]
