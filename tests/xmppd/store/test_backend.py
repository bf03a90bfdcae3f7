"""What every backend must do: one suite, each test on each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from otp.erts import process
from xmppd.auth.tables import ACCOUNT, Account, Secret
from xmppd.mods.mod_private import PRIVATE, PrivateXml
from xmppd.mods.mod_vcard import Vcard
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.store.backend import Backend, Range, StoreError, Table, Tx, table_of
from xmppd.store.schema import Schema, create_index, create_table

Play = Callable[[Callable[[Backend], Any]], Any]
JULIET = RosterItem("localhost", "romeo", "juliet@example.org", "Juliet", ("Friends", "Ünïcödé"), "to", listed=True)


def put(*records: Any) -> Callable[[Tx], None]:
    def fn(tx: Tx) -> None:
        for record in records:
            tx.write(record)

    return fn


def message(n: int, user: str = "romeo") -> OfflineMessage:
    return OfflineMessage("localhost", user, n, 1_700_000_000_000 + n, f"<message id='{n}'/>")


class Mine(Exception):
    """Raised by a transaction of these tests."""


def test_what_was_written_is_read_in_full(play: Play) -> None:
    records = [
        JULIET,
        RosterItem("localhost", "romeo", "nurse@example.org", approved=True, pending="<presence/>", version=2**40),
        Account("localhost", "romeo", "a$b", "", "c", 1_700_000_000, True),
        PrivateXml("localhost", "romeo", "urn:x", "q", "<q xmlns='urn:x'>\n&amp; \U0001f980</q>"),
        Secret("key", bytes(range(256))),
        Vcard("localhost", "romeo", "<vCard/>" * 10_000),
    ]

    async def body(backend: Backend) -> None:
        await backend.transaction(put(*records))
        for record in records:
            table = table_of(record)
            found = await backend.read(table, table.key_of(record))
            assert found == record
            assert type(found) is type(record)
            assert [type(getattr(found, c)) for c in table.columns] == [type(getattr(record, c)) for c in table.columns]

    play(body)


def test_what_is_not_there_is_none_and_empty(play: Play) -> None:
    async def body(backend: Backend) -> None:
        assert await backend.read(ROSTER, ("localhost", "romeo", "nobody")) is None
        assert await backend.select(ROSTER, ("localhost", "romeo")) == []
        assert await backend.count(ROSTER) == 0
        assert await backend.transaction(lambda tx: tx.last(OFFLINE, ("localhost", "romeo"))) is None
        assert await backend.transaction(lambda tx: tx.delete(OFFLINE, ("localhost", "romeo", 1))) is False
        assert await backend.transaction(lambda tx: tx.clear(OFFLINE, ("localhost",))) == 0

    play(body)


def test_a_second_write_replaces(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await backend.transaction(put(JULIET))
        changed = replace(JULIET, name="Giulietta", groups=(), in_axis="from")
        await backend.transaction(put(changed))
        assert await backend.select(ROSTER, ("localhost", "romeo")) == [changed]

    play(body)


def test_select_finds_a_prefix_in_key_order(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await backend.transaction(put(*[message(n) for n in (10, 9, 2, 100)], message(1, "romeo2"), message(3, "rome")))
        assert [m.seq for m in await backend.select(OFFLINE, ("localhost", "romeo"))] == [2, 9, 10, 100]
        assert [m.seq for m in await backend.select(OFFLINE, ("localhost", "romeo"), 2)] == [2, 9]
        assert [m.user for m in await backend.select(OFFLINE)] == ["rome", *["romeo"] * 4, "romeo2"]
        assert await backend.count(OFFLINE, ("localhost", "romeo")) == 4
        assert [m.seq for m in await backend.select(OFFLINE, ("localhost", "romeo", 9))] == [9]

    play(body)


def test_text_keys_are_ordered_by_code_point(play: Play) -> None:
    names = ["Z", "a", "a b", "a-b", "ab", "é", "ﬀ", "\U0001f980"]

    async def body(backend: Backend) -> None:
        await backend.transaction(put(*[Account("localhost", n, "", "", "") for n in reversed(names)]))
        assert [a.user for a in await backend.select(ACCOUNT, ("localhost",))] == names

    play(body)


def test_a_transaction_sees_its_own_writes(play: Play) -> None:
    def fn(tx: Tx) -> list[object]:
        put(message(1), message(2), message(3))(tx)
        last = tx.last(OFFLINE, ("localhost", "romeo"))
        return [
            tx.read(OFFLINE, ("localhost", "romeo", 2)) == message(2),
            tx.delete(OFFLINE, ("localhost", "romeo", 2)),
            tx.count(OFFLINE, ("localhost", "romeo")),
            last and last.seq,
            [m.seq for m in tx.select(OFFLINE, ("localhost",), 5)],
            tx.clear(OFFLINE, ("localhost", "romeo")),
            tx.count(OFFLINE),
        ]

    async def body(backend: Backend) -> None:
        assert await backend.transaction(fn) == [True, True, 2, 3, [1, 3], 2, 0]

    play(body)


def test_many_rows_are_written_and_deleted_at_once(play: Play) -> None:
    def write(tx: Tx) -> None:
        tx.write_many([message(2), JULIET, message(1), replace(message(1), xml="later"), message(1, "juliet")])
        tx.write_many(replace(message(n), expire=n) for n in range(3, 500))
        tx.write_many([])

    def delete(tx: Tx) -> list[int]:
        keys = [("localhost", "romeo", n) for n in range(0, 1000, 2)]
        there = tx.delete_many(OFFLINE, [*keys, ("localhost", "juliet", 1), ("localhost", "juliet", 7)])
        return [there, tx.delete_many(OFFLINE, []), tx.delete_many(OFFLINE, keys)]

    async def body(backend: Backend) -> None:
        await backend.transaction(write)
        assert await backend.read(OFFLINE, ("localhost", "romeo", 1)) == replace(message(1), xml="later")
        assert await backend.read(OFFLINE, ("localhost", "romeo", 499)) == replace(message(499), expire=499)
        assert await backend.select(ROSTER) == [JULIET]
        assert await backend.transaction(delete) == [250, 0, 0]
        assert [m.seq for m in await backend.select(OFFLINE)] == list(range(1, 500, 2))

    play(body)


def test_many_rows_are_read_at_once_in_key_order(play: Play) -> None:
    keys = [("localhost", "romeo", 300), ("localhost", "juliet", 4), ("localhost", "romeo", 9), ("x", "romeo", 9)]

    async def body(backend: Backend) -> None:
        await backend.transaction(put(*[message(n) for n in range(301)], message(4, "juliet")))
        found = await backend.transaction(lambda tx: tx.read_many(OFFLINE, [*keys, *keys]))
        assert found == [message(4, "juliet"), message(9), message(300)]
        assert await backend.transaction(lambda tx: tx.read_many(OFFLINE, [])) == []
        some = [("localhost", "romeo", number) for number in range(400, 200, -1)]
        found = await backend.transaction(lambda tx: tx.read_many(OFFLINE, some))
        assert found == [message(number) for number in range(201, 301)]

    play(body)


def test_clear_takes_a_range(play: Play) -> None:
    def fn(tx: Tx) -> list[int]:
        romeo = ("localhost", "romeo")
        return [tx.clear(OFFLINE, romeo, upto=n) for n in (0, 2, 2, 9)] + [tx.clear(OFFLINE, ("localhost",), "juliet")]

    async def body(backend: Backend) -> None:
        await backend.transaction(put(*[message(n) for n in (1, 2, 9, 10)], message(1, "juliet"), message(1, "nurse")))
        assert await backend.transaction(fn) == [0, 2, 0, 1, 1]
        assert [(m.user, m.seq) for m in await backend.select(OFFLINE)] == [("nurse", 1), ("romeo", 10)]

    play(body)


def test_what_many_wrote_and_deleted_is_undone(play: Play) -> None:
    def fail(tx: Tx) -> None:
        tx.delete_many(OFFLINE, [("localhost", "romeo", n) for n in range(5)])
        tx.clear(OFFLINE, ("localhost", "romeo"), upto=7)
        tx.write_many([replace(message(8), xml="changed"), message(20)])
        raise Mine("no")

    async def body(backend: Backend) -> None:
        rows = [message(n) for n in range(10)]
        await backend.transaction(lambda tx: tx.write_many(rows))
        with pytest.raises(Mine):
            await backend.transaction(fail)
        assert await backend.select(OFFLINE) == rows

    play(body)


def test_an_exception_undoes_all_of_its_transaction(play: Play) -> None:
    def fail(tx: Tx) -> None:
        tx.write(replace(JULIET, name="changed"))
        tx.write(message(2))
        tx.clear(OFFLINE, ("localhost", "romeo"))
        tx.delete(PRIVATE, ("localhost", "romeo", "urn:x", "q"))
        raise Mine("no")

    async def body(backend: Backend) -> None:
        private = PrivateXml("localhost", "romeo", "urn:x", "q", "<q/>")
        await backend.transaction(put(JULIET, message(1), private))
        with pytest.raises(Mine, match="no"):
            await backend.transaction(fail)
        assert await backend.select(ROSTER) == [JULIET]
        assert await backend.select(OFFLINE) == [message(1)]
        assert await backend.select(PRIVATE) == [private]

    play(body)


def test_a_failing_transaction_leaves_its_neighbours_alone(play: Play) -> None:
    def one(n: int) -> Callable[[Tx], int]:
        def fn(tx: Tx) -> int:
            tx.write(message(n))
            if n % 3 == 0:
                raise Mine(str(n))
            return n

        return fn

    async def body(backend: Backend) -> None:
        seen: list[int | str] = []

        async def writer(n: int) -> None:
            try:
                seen.append(await backend.transaction(one(n)))
            except Mine as exc:
                seen.append(str(exc))

        await together(writer, range(30))
        assert sorted(seen, key=int) == [str(n) if n % 3 == 0 else n for n in range(30)]
        assert [m.seq for m in await backend.select(OFFLINE)] == [n for n in range(30) if n % 3]

    play(body)


def test_counting_up_at_once_loses_no_step(play: Play) -> None:
    def add(tx: Tx) -> None:
        last = tx.last(OFFLINE, ("localhost", "romeo"))
        tx.write(message(last.seq + 1 if last else 1))

    async def body(backend: Backend) -> None:
        async def writer(_n: int) -> None:
            await backend.transaction(add)

        await together(writer, range(12))
        assert [m.seq for m in await backend.select(OFFLINE)] == list(range(1, 13))

    play(body)


def test_a_record_no_backend_can_keep_is_refused_before_it_is_written(play: Play) -> None:
    @dataclass(frozen=True, slots=True)
    class Stranger:
        name: str

    async def body(backend: Backend) -> None:
        with pytest.raises(TypeError, match="no table keeps Stranger"):
            await backend.transaction(put(JULIET, Stranger("x")))
        assert await backend.count(ROSTER) == 0

    play(body)


def test_a_closed_store_says_so(play: Play) -> None:
    async def body(backend: Backend) -> None:
        backend.close()
        with pytest.raises(StoreError, match="closed") as caught:
            await backend.transaction(put(JULIET))
        assert caught.value.condition == "resource-constraint"

    play(body)


async def together(fn: Callable[[int], Any], numbers: range) -> None:
    """Run fn(n) for every n as processes at once, and wait for all; a crash of one fails the test."""
    refs = {process.spawn_monitor(fn, n)[1] for n in numbers}
    while refs:
        down: Any = await process.receive()
        refs.discard(down.ref)
        assert down.reason == "normal", down.reason


def test_a_table_begins_with_its_key() -> None:
    @dataclass(frozen=True, slots=True)
    class Record:
        a: str
        b: int

    with pytest.raises(TypeError, match="first fields"):
        Table("t", Record, ("b",))


def test_a_table_takes_only_fields_that_every_backend_keeps() -> None:
    @dataclass(frozen=True, slots=True)
    class Record:
        a: str
        b: complex

    with pytest.raises(TypeError, match="'b'"):
        Table("t", Record, ("a",))


# -- pieces of a table


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row with a second order."""

    tree: str
    number: int
    colour: str


LEAF = Table("leaf", Leaf, ("tree", "number"), indexes=(("tree", "colour", "number"),))
LEAVES = Schema(
    "leaves",
    (
        create_table("leaf", ("tree", "number"), tree=str, number=int, colour=str),
        create_index("leaf", "tree", "colour", "number"),
    ),
)
PIECES = [
    Range(("oak",)),
    Range(("oak",), backwards=True, limit=3),
    Range(("oak",), after=2, before=9),
    Range(("oak",), after=2, before=9, limit=2),
    Range(("oak",), after=2, before=9, limit=2, backwards=True),
    Range((), after="elm", limit=1),
    Range(("oak", "red"), by=LEAF.indexes[0]),
    Range(("oak", "red"), after=1, limit=2, by=LEAF.indexes[0]),
    Range(("oak", "red"), before=8, limit=2, backwards=True, by=LEAF.indexes[0]),
    Range(("oak",), after="green", by=LEAF.indexes[0]),
    Range(("oak", 3)),
    Range(("ash",)),
]


@pytest.mark.parametrize("piece", PIECES, ids=str)
def test_a_piece_is_what_its_words_say(play: Play, piece: Range) -> None:
    rows = [Leaf("oak", n, "red" if n % 2 else "green") for n in range(10)]
    rows += [Leaf("elm", n, "red") for n in range(3)] + [Leaf("yew", 1, "blue")]
    order = piece.by or LEAF.key

    def is_in(row: Leaf) -> bool:
        key = [getattr(row, name) for name in order]
        at = len(piece.prefix)
        return (
            tuple(key[:at]) == piece.prefix
            and (piece.after is None or key[at] > piece.after)
            and (piece.before is None or key[at] < piece.before)
        )

    wanted = sorted(
        [row for row in rows if is_in(row)],
        key=lambda row: [getattr(row, name) for name in order],
        reverse=piece.backwards,
    )[: piece.limit]

    async def body(backend: Backend) -> None:
        await backend.migrate([LEAVES])
        await backend.transaction(put(*rows))
        assert await backend.find(LEAF, piece) == wanted
        assert await backend.transaction(lambda tx: tx.find(LEAF, piece)) == wanted

    play(body)


def test_an_order_that_a_table_has_not_is_a_mistake(play: Play) -> None:
    async def body(backend: Backend) -> None:
        await backend.migrate([LEAVES])
        for piece in (Range(("oak",), by=("tree", "colour")), Range(("oak",), by=("colour",))):
            with pytest.raises(TypeError, match="index"):
                await backend.find(LEAF, piece)

    play(body)
