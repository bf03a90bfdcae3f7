"""SQL from declarations, rows from records and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.auth.tables import SECRET, Secret
from xmppd.mods.mod_last import LAST
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.store.store_sql import UNIT, find_sql, join, split, statements

ITEM = RosterItem("localhost", "romeo", "juliet@example.org", "Juliet", ("A", "B"), "to", "from", True, True, "<p/>", 7)
TEXTS = st.lists(st.text(st.characters(exclude_characters=UNIT))).map(tuple)


@given(TEXTS)
def test_texts_come_back_as_they_were(texts: tuple[str, ...]) -> None:
    assert split(join(texts)) == texts


@given(TEXTS, TEXTS)
def test_different_texts_are_stored_differently(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (join(one) == join(other)) == (one == other)


def test_the_character_between_texts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"U\+001F"):
        join(("a", "b" + UNIT))


def test_names_are_quoted_and_values_are_parameters() -> None:
    made = statements(LAST, "%s")
    assert made.write == (
        'INSERT INTO "last" ("host", "user", "seconds", "status", "login") VALUES (%s, %s, %s, %s, %s)'
        ' ON CONFLICT ("host", "user") DO UPDATE SET "seconds" = excluded."seconds", "status" = excluded."status",'
        ' "login" = excluded."login"'
    )
    assert made.delete == 'DELETE FROM "last" WHERE "host" = %s AND "user" = %s'


@pytest.mark.parametrize(
    ("size", "sql"),
    [
        (0, 'SELECT "name", "value" FROM "secret" ORDER BY "name"'),
        (1, 'SELECT "value" FROM "secret" WHERE "name" = ?'),
    ],
)
def test_what_the_prefix_says_is_not_fetched(size: int, sql: str) -> None:
    assert statements(SECRET, "?").ways[size].select == sql


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_a_row_becomes_the_record_that_its_class_would_make(size: int) -> None:
    row = statements(ROSTER, "?").encode(ITEM)
    made = statements(ROSTER, "?").ways[size].decode(row[:size], row[size:])
    assert made == ITEM
    assert type(made) is RosterItem
    assert hash(made) == hash(ITEM)
    assert repr(made) == repr(ITEM)
    assert replace(made, name="x") == replace(ITEM, name="x")


def test_numbers_of_sqlite_become_booleans() -> None:
    row = [int(v) if isinstance(v, bool) else v for v in statements(ROSTER, "?").encode(ITEM)]
    assert statements(ROSTER, "?").ways[0].decode((), row).approved is True


def test_a_record_of_bytes() -> None:
    way = statements(SECRET, "?").ways[1]
    assert way.decode(("key",), (b"\0\xff",)) == Secret("key", b"\0\xff")


def test_a_piece_is_one_statement() -> None:
    assert find_sql(ROSTER, "?", (), 2, True, True, True, True) == (
        f'SELECT {", ".join([f"{chr(34)}{c}{chr(34)}" for c in ROSTER.columns[2:]])} FROM "roster"'
        ' WHERE "host" = ? AND "user" = ? AND "contact" > ? AND "contact" < ? ORDER BY "contact" DESC LIMIT ?'
    )
    assert find_sql(SECRET, "%s", (), 1, False, False, False, False) == (
        'SELECT "value" FROM "secret" WHERE "name" = %s'
    )


def test_bounds_need_a_column() -> None:
    with pytest.raises(TypeError, match="bounds"):
        find_sql(SECRET, "?", (), 1, True, False, False, False)
