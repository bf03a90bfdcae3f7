"""pg_tx — one transaction, or several reads, on a PostgreSQL connection, in as few journeys there as can be.

OTP:      cf. ejabberd_sql's sql_transaction and sql_bloc
Way:      store_pg → [pg_tx] → libpq in pipeline mode
Process:  none; runs on the threads of store_pg
Differs:  to a server across a network BEGIN, statements that only write, and COMMIT leave together; only what the
          function reads makes it wait. On this machine that costs more than it saves (docs/decisions/0019). Many rows
          are one statement, with an array for each column
"""

from __future__ import annotations

import time  # real time: a database answers in it
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import cache, partial
from typing import Any, Final, TypeVar

import psycopg

from xmppd import crash_points
from xmppd.store import measures
from xmppd.store.backend import Key, Table, table_of
from xmppd.store.pg_pool import PgConnection, store_error
from xmppd.store.schema import POSTGRES
from xmppd.store.store_sql import Query, Row, SqlTx, statements

R = TypeVar("R")
T = TypeVar("T")
_BEGIN: Final = b"BEGIN ISOLATION LEVEL SERIALIZABLE"


class Uncommitted(Exception):
    """The connection broke before COMMIT was sent: nothing of it is stored, and it may be run again."""


class PgTx(SqlTx):
    """One transaction. A statement that failed fails it, whatever its function does then."""

    __slots__ = ("conn", "failed", "pipeline")

    def __init__(self, conn: psycopg.Connection[Any], pipeline: psycopg.Pipeline | None) -> None:
        super().__init__(self._rows, self._count, self._count_each, "%s")
        self.conn, self.pipeline = conn, pipeline
        self.failed: psycopg.Error | None = None

    def _run(self, fn: Callable[[], T]) -> T:
        try:
            return fn()
        except psycopg.Error as exc:
            self.failed = self.failed or exc
            raise store_error(self.failed) from exc

    def _rows(self, sql: str, params: Row) -> list[Any]:
        with measures.statement(sql):
            return self._run(lambda: self.conn.execute(sql.encode(), params).fetchall())

    def _count(self, sql: str, params: Row) -> int:
        return self._count_each(sql, [params])

    def _count_each(self, sql: str, rows: Sequence[Row]) -> int:
        def run() -> int:
            cursors = [self.conn.execute(sql.encode(), params) for params in rows]
            if self.pipeline is not None:
                self.pipeline.sync()
            return sum([cursor.rowcount for cursor in cursors])

        with measures.statement(sql, len(rows)):
            return self._run(run)

    def write(self, record: Any) -> None:
        """See Tx. It leaves with what comes next."""
        made = statements(table_of(record), "%s")
        with measures.statement(made.write):
            self._run(lambda: self.conn.execute(made.write.encode(), made.encode(record)))

    def write_many(self, records: Iterable[Any]) -> None:
        """See Tx. One statement for each table."""
        rows: dict[Table[Any], dict[Key, Row]] = {}
        for record in records:
            table = table_of(record)
            # one statement may not touch a row twice
            rows.setdefault(table, {})[table.key_of(record)] = statements(table, "%s").encode(record)
        for table, by_key in rows.items():
            made = statements(table, "%s")
            columns = [list(column) for column in zip(*by_key.values(), strict=True)]
            with measures.statement(made.write):
                self._run(partial(self.conn.execute, _insert(table), columns))

    def delete_many(self, table: Table[Any], keys: Iterable[Key]) -> int:
        """See Tx. One statement for those that differ in their last field only."""
        groups = list(_neighbours(keys).items())
        return self._count_each(_delete(table), [(*prefix, last) for prefix, last in groups]) if groups else 0

    def read_many(self, table: Table[R], keys: Iterable[Key]) -> list[R]:
        """See Tx. As delete_many."""
        sql, decode = _select(table), statements(table, "%s").ways[len(table.key) - 1].decode
        groups = [(prefix, (*prefix, last)) for prefix, last in sorted(_neighbours(keys).items())]

        def run() -> list[R]:
            cursors = [(prefix, self.conn.execute(sql, params)) for prefix, params in groups]
            return [decode(prefix, row) for prefix, cursor in cursors for row in cursor.fetchall()]

        with measures.statement(sql.decode(), len(groups)):
            return self._run(run)


def _neighbours(keys: Iterable[Key]) -> dict[Key, list[str | int]]:
    """Keys by all fields but the last."""
    found: dict[Key, list[str | int]] = {}
    for key in keys:
        found.setdefault(key[:-1], []).append(key[-1])
    return found


@cache
def _insert(table: Table[Any]) -> bytes:
    made = statements(table, "%s")
    kinds = [POSTGRES.types.get(kind) or POSTGRES.types[_bare(kind)] for kind in table.types]
    arrays = ", ".join([f"%s::{kind}[]" for kind in kinds])
    values = ", ".join(["%s"] * len(table.columns))
    return made.write.replace(f"VALUES ({values})", f"SELECT * FROM unnest({arrays})").encode()


def _bare(kind: Any) -> Any:
    return str if kind == str | None else int


@cache
def _delete(table: Table[Any]) -> str:
    return f'DELETE FROM "{table.name}"{_which(table)}'


@cache
def _select(table: Table[Any]) -> bytes:
    columns = ", ".join([f'"{name}"' for name in table.columns[len(table.key) - 1 :]])
    return f'SELECT {columns} FROM "{table.name}"{_which(table)} ORDER BY "{table.key[-1]}"'.encode()


def _which(table: Table[Any]) -> str:
    fields = [f'"{name}" = %s' for name in table.key[:-1]]
    return " WHERE " + " AND ".join([*fields, f'"{table.key[-1]}" = ANY(%s)'])


def commit(conn: PgConnection, fn: Callable[[PgTx], T]) -> T:
    """Run fn(tx) and commit. Raises psycopg.Error, Uncommitted, and what fn raises; then nothing is stored, unless the
    connection broke on COMMIT: nobody can know then."""
    failed, sent, began = None, False, time.monotonic()
    try:
        with nullcontext() if conn.is_local else conn.pipeline() as pipeline:
            conn.execute(_BEGIN)
            tx = PgTx(conn, pipeline)
            try:
                value = fn(tx)
            finally:
                failed = tx.failed
            if failed is not None:
                raise failed
            crash_points.reach("store.before_commit")
            sent = True
            conn.execute(b"COMMIT")
    except BaseException as exc:
        error = failed or exc
        if conn.broken and not sent and isinstance(error, psycopg.Error):
            raise Uncommitted from error
        if error is exc:
            raise
        raise error from exc
    crash_points.reach("store.after_commit")
    measures.committed(time.monotonic() - began)
    return value


def read_all(conn: psycopg.Connection[Any], queries: Sequence[Query]) -> list[Any]:
    """The results of queries, in one journey. Raises psycopg.Error of the first that failed."""
    with measures.statement("; ".join([query.sql for query in queries[:3]]), len(queries)), conn.pipeline():
        cursors = [conn.execute(query.sql.encode(), query.params) for query in queries]
        found = [cursor.fetchall() for cursor in cursors]
    return [query.result(rows) for query, rows in zip(queries, found, strict=True)]
