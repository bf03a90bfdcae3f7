"""Rows are found by their words, the same ones in every kind of database, whatever has become of them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import node
from xmppd.store import store, store_sql, text_index
from xmppd.store.backend import Backend, Range, StoreConfig, Table
from xmppd.store.schema import Schema, create_table

Play = Callable[[Callable[[Backend], Any]], Any]


@dataclass(frozen=True, slots=True)
class Letter:
    host: str
    user: str
    number: int
    words: str


LETTERS = Table("letter", Letter, ("host", "user", "number"), words="words")
_COLUMNS = {"host": str, "user": str, "number": int, "words": str}
SCHEMA = Schema("letters", (create_table("letter", ("host", "user", "number"), **_COLUMNS),))
WORDS = ("rose", "möhre", "玫瑰", "¶mark", "and", "or", "not", "near", "123", "x" * 64)
WHO = ("localhost", "juliet")


def letter(number: int, words: str, user: str = "juliet") -> Letter:
    return Letter("localhost", user, number, words)


async def numbers(backend: Backend, *words: str, **more: Any) -> list[int]:
    piece = Range(WHO, words=words, **more)
    found = await backend.find(LETTERS, piece)
    assert found == await backend.transaction(lambda tx: tx.find(LETTERS, piece))
    return [one.number for one in found]


async def ready(backend: Backend) -> None:
    await backend.migrate([SCHEMA])
    await backend.index_words(LETTERS)


def test_a_row_is_found_by_all_of_its_words_and_in_the_order_of_its_key(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await ready(backend)
        rows = [letter(100 * n, "rose thorn" if n % 2 else "rose") for n in range(10)]
        await backend.transaction(lambda tx: tx.write_many(rows))
        await backend.transaction(lambda tx: tx.write(letter(450, "rose thorn", "nurse")))
        assert await numbers(backend, "rose") == [100 * n for n in range(10)]
        assert await numbers(backend, "rose", "thorn") == [100, 300, 500, 700, 900]
        assert await numbers(backend, "thorn", after=100, before=900, limit=2) == [300, 500]
        assert await numbers(backend, "thorn", after=100, before=900, limit=2, backwards=True) == [700, 500]
        assert await numbers(backend, "thorn", "lily") == await numbers(backend, "ros") == []

    play(body)


@pytest.mark.parametrize("word", WORDS)
def test_no_word_means_something_else(play: Play, word: str) -> None:
    async def body(backend: Backend) -> None:
        await ready(backend)
        await backend.transaction(lambda tx: tx.write_many([letter(1, f"a {word} b"), letter(2, "a b"), letter(3, "")]))
        assert await numbers(backend, word, "a") == [1]

    play(body)


def test_what_is_changed_or_deleted_is_not_found(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await ready(backend)
        await backend.transaction(lambda tx: tx.write_many([letter(n, "rose") for n in range(1, 7)]))
        await backend.transaction(lambda tx: tx.write(letter(1, "thorn")))
        await backend.transaction(lambda tx: tx.delete(LETTERS, (*WHO, 2)))
        await backend.transaction(lambda tx: tx.delete_many(LETTERS, [(*WHO, 3)]))
        assert await numbers(backend, "rose") == [4, 5, 6]
        await backend.transaction(lambda tx: tx.clear(LETTERS, WHO, 4))
        assert (await numbers(backend, "rose"), await numbers(backend, "thorn")) == ([5, 6], [])
        with pytest.raises(ZeroDivisionError):
            await backend.transaction(lambda tx: (tx.clear(LETTERS, WHO), 1 // 0))
        assert await numbers(backend, "rose") == [5, 6]
        await backend.transaction(lambda tx: tx.clear(LETTERS, WHO))
        await backend.transaction(lambda tx: tx.write(letter(5, "lily")))
        assert (await numbers(backend, "rose"), await numbers(backend, "lily")) == ([], [5])

    play(body)


def test_what_was_there_before_the_index_is_found_and_making_it_again_changes_nothing(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await backend.migrate([SCHEMA])
        await backend.transaction(lambda tx: tx.write_many([letter(n, "rose") for n in range(3)]))
        await backend.index_words(LETTERS)
        await backend.index_words(LETTERS)
        assert await numbers(backend, "rose") == [0, 1, 2]

    play(body)


def test_the_same_number_in_many_archives(play: Play) -> None:
    """Up to 64 of them, and then some are not found; none is lost, and no other row is harmed."""

    async def body(backend: Backend) -> None:
        await ready(backend)
        users = [f"u{n:03}" for n in range(70)]
        await backend.transaction(lambda tx: tx.write_many([letter(1000, "rose", user) for user in users]))
        await backend.transaction(lambda tx: tx.write_many([letter(1000, "rose thorn", user) for user in users]))
        found = [await backend.find(LETTERS, Range(("localhost", user), words=("thorn",))) for user in users]
        assert [len(one) for one in found[:64]] == [1] * 64
        assert await backend.count(LETTERS) == 70
        await backend.transaction(lambda tx: tx.clear(LETTERS, ("localhost",)))
        await backend.transaction(lambda tx: tx.write(letter(1000, "thorn")))
        assert await numbers(backend, "thorn") == [1000]

    play(body)


def test_any_changes_leave_what_a_plain_look_finds(play: Play) -> None:
    chance = random.Random(7)

    async def body(backend: Backend) -> None:
        await ready(backend)
        there: dict[int, str] = {}
        for _ in range(60):
            number = chance.randrange(8)
            if chance.random() < 0.3:
                there.pop(number, None)
                await backend.transaction(lambda tx, n=number: tx.delete(LETTERS, (*WHO, n)))
            else:
                there[number] = " ".join(chance.sample(("rose", "thorn", "lily", "oak"), chance.randrange(4)))
                row = letter(number, there[number])
                await backend.transaction(lambda tx, row=row: tx.write(row))
            for asked in (("rose",), ("rose", "oak")):
                wanted = [n for n in sorted(there) if text_index.has_words(there[n], asked)]
                assert await numbers(backend, *asked) == wanted

    play(body)


def test_a_piece_that_cannot_be_is_a_mistake(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await ready(backend)
        with pytest.raises(TypeError, match="words are looked for"):
            await backend.find(LETTERS, Range(("localhost",), words=("rose",)))

    play(body)
    with pytest.raises(TypeError, match="must be a text"):
        Table("letter2", Letter, ("host", "user"), words="words")


def test_a_worker_that_was_there_before_another_made_the_index_goes_on(config: StoreConfig) -> None:
    if config.backend == "memory":
        pytest.skip("a store in memory is of one process: it has no second worker")

    async def body() -> None:
        first, second = store.open_backend(config, [SCHEMA]), store.open_backend(config, [SCHEMA])
        await first.transaction(lambda tx: tx.write_many([letter(1, "rose"), letter(2, "rose")]))
        await second.index_words(LETTERS)
        assert await first.transaction(lambda tx: tx.delete(LETTERS, (*WHO, 1)))
        await first.transaction(lambda tx: tx.write(letter(3, "rose")))
        assert await numbers(second, "rose") == [2, 3]
        first.close()
        second.close()

    node.run(body)


def test_sqlite_goes_by_its_index_and_sorts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"

    async def body() -> None:
        backend = store.open_backend(StoreConfig("sqlite", str(path)), [SCHEMA])
        await backend.index_words(LETTERS)
        backend.close()

    node.run(body)
    for backwards in (False, True):
        asked = store_sql.find_query(LETTERS, Range(WHO, 1, 9, 51, backwards, words=("rose",)), "?")
        with closing(sqlite3.connect(path)) as conn:
            plan = [line[3] for line in conn.execute("EXPLAIN QUERY PLAN " + asked.sql, tuple(asked.params))]
        assert [line.partition(" ")[0] for line in plan] == ["SCAN", "SEARCH", "SEARCH"], plan
        assert "VIRTUAL TABLE INDEX" in plan[0]
