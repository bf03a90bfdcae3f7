"""direct_pg — PostgreSQL as a tool opens it.

Way:      direct → [direct_pg] → psycopg
Process:  none; every call blocks
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg

from xmppd.store.direct import Row
from xmppd.store.pg_pool import store_error
from xmppd.store.schema import POSTGRES
from xmppd.store.store_pg import MIGRATION_LOCK

T = TypeVar("T")


class PgDirect:
    """A connection without a limit for a statement: whole tables take their time."""

    dialect = POSTGRES

    def __init__(self, url: str) -> None:
        self.conn = self._run(
            lambda: psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="xmppd db")
        )

    def _run(self, fn: Callable[[], T]) -> T:
        try:
            return fn()
        except psycopg.Error as exc:
            raise store_error(exc) from exc

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """See Direct."""

        def run() -> list[Row]:
            cursor = self.conn.execute(sql.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

        return self._run(run)

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """See Direct."""
        self._run(lambda: self.conn.cursor().executemany(sql.encode(), rows))

    def begin(self, write: bool = False) -> None:
        """See Direct. One that writes keeps servers from migrating meanwhile."""
        self.query("BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.query("SELECT pg_advisory_xact_lock(%s)" if write else "SELECT 1", (MIGRATION_LOCK,) if write else ())

    def end(self, commit: bool = True) -> None:
        """See Direct."""
        self.query("COMMIT" if commit else "ROLLBACK")

    def size(self) -> int:
        """See Direct. All of the database, whoever else is in it."""
        return int(self.query("SELECT pg_database_size(current_database())")[0][0])

    def close(self) -> None:
        """See Direct."""
        self.conn.close()
