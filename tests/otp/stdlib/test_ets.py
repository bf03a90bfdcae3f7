"""ets — one writer and many readers, the kinds of tables, heirs; an ordered_set against sorted(dict).

OTP:  ets_SUITE's reader and writer contract (the suite itself is not the bar)
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts.process import exit_, is_alive, receive, self_, send, spawn, spawn_monitor
from otp.stdlib import ets
from tests.support.node import run, until


def test_set_has_one_row_a_key() -> None:
    def body() -> None:
        table = ets.new("t")
        table["a"] = 1
        table["a"] = 2
        assert (table["a"], table.get("a"), len(table), "a" in table, list(table)) == (2, 2, 1, True, ["a"])
        assert table.get("b") is None
        assert table.lookup("b") == []
        del table["a"]
        with pytest.raises(KeyError):
            del table["a"]

    run(body)


def test_insert_new_take_and_counter() -> None:
    def body() -> None:
        table = ets.new("t")
        assert table.insert_new("a", 1)
        assert not table.insert_new("a", 2)
        assert table.take("a") == [1]
        assert table.take("a") == []
        assert [table.update_counter("n"), table.update_counter("n", 5)] == [1, 6]
        assert table.select(lambda _key, value: value > 5) == [("n", 6)]
        table.clear()
        assert table.items() == []

    run(body)


def test_a_row_may_hold_none() -> None:
    def body() -> None:
        table = ets.new("t")
        table["a"] = None
        assert table.lookup("a") == [None]
        assert table.delete("a")
        assert not table.delete("a")

    run(body)


def test_bag_keeps_several_rows_and_equal_ones_once() -> None:
    def body() -> None:
        table = ets.new("t", "bag")
        for row in (1, 2, 1):
            table.insert("a", row)
        assert (table.lookup("a"), len(table), table.items()) == ([1, 2], 2, [("a", 1), ("a", 2)])
        assert table.delete_row("a", 1)
        assert not table.delete_row("a", 1)
        assert table.delete_row("a", 2)
        assert "a" not in table

    run(body)


def test_order_is_only_asked_of_an_ordered_set() -> None:
    def body() -> None:
        with pytest.raises(TypeError):
            ets.new("t").next(1)

    run(body)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=30), st.integers(0, 9), st.integers(0, 9))
def test_ordered_set_against_a_sorted_dict(steps: list[tuple[int, bool]], low: int, high: int) -> None:
    def body() -> None:
        table, model = ets.new("t", "ordered_set"), dict[int, int]()
        for n, (key, write) in enumerate(steps):
            if write:
                table[key] = model[key] = n
            else:
                assert table.delete(key) is (model.pop(key, None) is not None)
        assert table.items() == sorted(model.items())
        assert table.range(low, high) == sorted((k, v) for k, v in model.items() if low <= k < high)
        assert table.next(low) == min((k for k in model if k > low), default=None)
        assert table.first() == min(model, default=None)

    run(body)


def test_a_name_is_taken_once_and_free_again() -> None:
    def body() -> None:
        table = ets.new("t")
        with pytest.raises(ValueError, match="exists"):
            ets.new("t")
        assert ets.all_tables() == ["t"]
        table.drop()
        with pytest.raises(ets.NoSuchTable):
            ets.lookup_table("t")
        with pytest.raises(ets.NotOwner):
            table["a"] = 1
        ets.new("t")

    run(body)


def test_others_read_a_protected_table_but_do_not_write_it() -> None:
    async def body() -> None:
        table, me = ets.new("t"), self_()
        table["a"] = 1

        def reader() -> None:
            seen: list[Any] = [ets.lookup_table("t")["a"]]
            try:
                table["a"] = 2
            except ets.NotOwner:
                seen.append("not_owner")
            send(me, seen)

        spawn(reader)
        assert await receive(timeout=1) == [1, "not_owner"]

    run(body)


def test_anyone_writes_a_public_table() -> None:
    async def body() -> None:
        table = ets.new("t", access="public")
        spawn(table.insert, "a", 1)
        await until(lambda: "a" in table)

    run(body)


def owner_of(make: Callable[[], Any]) -> Callable[[], Any]:
    async def live() -> None:
        make()["a"] = 1
        await receive()

    return live


def test_a_table_goes_with_its_owner_before_the_monitors_hear_of_it() -> None:
    async def body() -> None:
        pid, _ref = spawn_monitor(owner_of(lambda: ets.new("t")))
        table = await until(lambda: "t" in ets.all_tables() and ets.lookup_table("t"))
        exit_(pid, "kill")
        await receive(timeout=1)
        assert ets.all_tables() == []
        assert table.get("a") is None

    run(body)


def test_an_heir_gets_the_table_with_its_rows() -> None:
    async def body() -> None:
        me = self_()
        pid = spawn(owner_of(lambda: ets.new("t", heir=(me, "legacy"))))
        await until(lambda: "t" in ets.all_tables())
        exit_(pid, "kill")
        transfer = await receive(timeout=1)
        assert (transfer.from_, transfer.data, transfer.table.owner) == (pid, "legacy", me)
        transfer.table["b"] = 2
        assert transfer.table.items() == [("a", 1), ("b", 2)]

    run(body)


def test_a_dead_heir_inherits_nothing() -> None:
    async def body() -> None:
        heir = spawn(lambda: None)
        await until(lambda: not is_alive(heir))
        pid, _ref = spawn_monitor(owner_of(lambda: ets.new("t", heir=(heir, None))))
        await until(lambda: "t" in ets.all_tables())
        exit_(pid, "kill")
        await receive(timeout=1)
        assert ets.all_tables() == []

    run(body)


def test_give_away_to_the_dead_is_refused() -> None:
    async def body() -> None:
        pid = spawn(lambda: None)
        await until(lambda: not is_alive(pid))
        with pytest.raises(ValueError, match="not a live process"):
            ets.new("t").give_away(pid)

    run(body)


def test_give_away_moves_the_right_to_write_and_the_fate() -> None:
    async def body() -> None:
        table = ets.new("t")

        async def taker() -> None:
            transfer = await receive()
            transfer.table["a"] = 1
            await receive()

        pid, _ref = spawn_monitor(taker)
        table.give_away(pid)
        await until(lambda: "a" in table)
        with pytest.raises(ets.NotOwner):
            table["a"] = 2
        exit_(pid, "kill")
        await receive(timeout=1)
        assert ets.all_tables() == []

    run(body)


def test_tables_made_and_dropped_leave_nothing_behind() -> None:
    def body() -> None:
        for _ in range(3):
            ets.new("t").drop()
        ets.new("u")
        on_exit = self_().target.on_exit
        assert len(on_exit) == 1
        on_exit[0]()
        assert ets.all_tables() == []

    run(body)
