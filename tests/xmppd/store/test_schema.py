"""The steps of an owner: in words, in SQL, and in any order of starts the same tables."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import postgres
from xmppd.store import migrate, schema, store_pg
from xmppd.store.schema import (
    POSTGRES,
    SQLITE,
    Schema,
    Shape,
    Step,
    add_columns,
    create_table,
    drop_table,
    split_statements,
    sql,
)

VALUES = {str: "it's", int: -1, bool: True, float: 1.5, str | None: None, int | None: None, tuple[str, ...]: ()}
KINDS = st.sampled_from([*VALUES, bytes])


@st.composite
def histories(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps that can follow one another."""
    steps: list[Step] = []
    shapes: dict[str, int] = {}
    for _ in range(draw(st.integers(1, 8))):
        table = draw(st.sampled_from(["user", "order", "t"]))
        if table not in shapes:
            kinds = draw(st.lists(KINDS, max_size=3))
            columns = {f"c{i}": kind for i, kind in enumerate(kinds)}
            steps.append(create_table(table, ("host", "user"), host=str, user=str, **columns))
            shapes[table] = len(kinds)
        elif draw(st.booleans()):
            kind = draw(st.sampled_from(list(VALUES)))
            steps.append(add_columns(table, **{f"c{shapes[table]}": (kind, VALUES[kind])}))
            shapes[table] += 1
        else:
            steps.append(drop_table(table))
            del shapes[table]
    return tuple(steps)


def in_sqlite(*schemas: Schema) -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    for one in schemas:
        migrate.migrate(lambda text, params: conn.execute(text, params).fetchall(), SQLITE, [one])
    return conn


def columns(conn: sqlite3.Connection, table: str) -> list[tuple[str, str, int, int]]:
    found = conn.execute(f'PRAGMA table_info("{table}")').fetchall()
    return [(name, kind, notnull, pk) for _, name, kind, notnull, _, pk in found]


def content(conn: sqlite3.Connection) -> dict[str, Any]:
    names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: (columns(conn, name), conn.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


@given(histories(), st.data())
def test_it_does_not_matter_after_which_steps_a_server_was_started(
    steps: tuple[Step, ...], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    at_once = in_sqlite(Schema("mod_x", steps))
    in_two = in_sqlite(Schema("mod_x", steps[:cut]), Schema("mod_x", steps), Schema("mod_x", steps))
    assert content(at_once) == content(in_two)


@given(histories())
def test_what_the_steps_are_said_to_leave_is_what_there_is(steps: tuple[Step, ...]) -> None:
    conn = in_sqlite(Schema("mod_x", steps))
    shapes = Schema("mod_x", steps).shapes()
    assert set(content(conn)) == {*shapes, "schema_version", "module_schema"}
    for name, shape in shapes.items():
        found = columns(conn, name)
        assert [column for column, *_ in found] == [column for column, _ in shape.columns]
        assert tuple(column for column, *_, pk in found if pk) == shape.key
        may_be_null = [kind in (str | None, int | None) for _, kind in shape.columns]
        assert [not notnull for _, _, notnull, _ in found] == may_be_null


@given(histories(), histories(), st.data())
def test_modules_do_not_disturb_each_other(one: tuple[Step, ...], other: tuple[Step, ...], data: st.DataObject) -> None:
    """Each in its own order, whoever of them is first."""
    renamed = tuple(_with_other_names(step) for step in other)
    first, second = Schema("mod_a", one), Schema("mod_b", renamed)
    cut = data.draw(st.integers(0, len(renamed)))
    mixed = in_sqlite(Schema("mod_b", renamed[:cut]), first, second)
    assert content(mixed) == content(in_sqlite(first, second))


def _with_other_names(step: Step) -> Step:
    assert not isinstance(step, schema.Sql)
    return type(step)(f"b_{step.table}", *[getattr(step, name) for name in step.__slots__[1:]])


if postgres.available():

    @settings(max_examples=15, deadline=None)
    @given(histories())
    def test_postgresql_takes_the_same_steps(pg_cluster: postgres.Cluster | None, steps: tuple[Step, ...]) -> None:
        url = postgres.fresh(postgres.GIVEN if pg_cluster is None else pg_cluster.url)
        one = Schema("mod_x", steps)
        with psycopg.connect(url, autocommit=True) as conn:
            store_pg.prepare(conn, [one])
            for name, shape in one.shapes().items():
                assert pg_columns(conn, name) == [
                    (column, POSTGRES.types.get(kind, POSTGRES.types[str if kind == str | None else int]).lower())
                    for column, kind in shape.columns
                ]


def pg_columns(conn: psycopg.Connection[Any], table: str) -> list[tuple[str, str]]:
    return conn.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
        (table,),
    ).fetchall()


def test_a_step_that_cannot_be_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="key columns"):
        create_table("t", ("host",), user=str, host=str)
    with pytest.raises(TypeError, match=r"\['when'\] have types"):
        create_table("t", ("host",), host=str, when=object)
    with pytest.raises(TypeError, match="types"):
        add_columns("t", when=(object, 1))


def test_which_tables_belong_to_accounts() -> None:
    steps = (
        create_table("mine", ("host", "user"), host=str, user=str),
        create_table("all", ("name",), name=str),
        create_table("gone", ("host", "user"), host=str, user=str),
        add_columns("mine", x=(int, 0)),
        drop_table("gone"),
    )
    assert Schema("mod_x", steps).account_tables() == ("mine",)
    assert Schema("mod_x", steps).shapes()["mine"] == Shape(
        ("host", "user"), (("host", str), ("user", str), ("x", int))
    )


def test_statements_of_ones_own_for_each_kind_of_database() -> None:
    both, each = sql("CREATE INDEX i ON t (x);\n"), sql("ONE;\n", "OTHER;\nMORE;\n")
    assert SQLITE.statements(both) == POSTGRES.statements(both) == ("CREATE INDEX i ON t (x)",)
    assert SQLITE.statements(each) == ("ONE",)
    assert POSTGRES.statements(each) == ("OTHER", "MORE")


def test_a_column_of_another_name() -> None:
    renamed = create_table("t", ("host",), host=str, text=str)
    steps = (
        create_table("t", ("host",), host=str, words=str),
        sql('ALTER TABLE "t" RENAME COLUMN "words" TO "text";\n', leaves=(renamed,)),
        add_columns("t", stamp=(int, 0)),
    )
    found = Schema("mod_x", steps).shapes()["t"].columns
    assert found == (("host", str), ("text", str), ("stamp", int))
    assert [name for name, *_ in columns(in_sqlite(Schema("mod_x", steps)), "t")] == ["host", "text", "stamp"]


SCRIPT = """CREATE TABLE "a" (
    "x" TEXT, -- a; b
    "y" TEXT
);

-- why;
INSERT INTO "a" VALUES ('1;2', '');
"""


def test_a_script_is_taken_apart_at_the_ends_of_lines() -> None:
    create, insert = split_statements(SCRIPT)
    assert create.startswith("CREATE TABLE")
    assert insert == "INSERT INTO \"a\" VALUES ('1;2', '')"
