"""queue — it does not grow beyond its limits, and nobody fills it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support import node
from xmppd.mods.reports import queue
from xmppd.mods.reports.queue import REPORT, ReportLimits
from xmppd.mods.reports.report_xml import SPAM, SaidOf
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.testing.server import serve

LIMITS = ReportLimits(4, 2)


def said(about: str, text: str = "") -> SaidOf:
    return SaidOf(about, SPAM, text)


def in_one(fn: Callable[[Tx], Any]) -> None:
    async def body() -> None:
        async with serve():
            await store.transaction(fn)

    node.run(body)


def test_an_account_has_few_open_ones_and_says_it_anew() -> None:
    def fn(tx: Tx) -> None:
        assert queue.put(tx, "h", "a@h", said("x@y"), 1, LIMITS)
        assert queue.put(tx, "h", "a@h", said("z@y"), 2, LIMITS)
        assert not queue.put(tx, "h", "a@h", said("w@y"), 3, LIMITS)
        assert queue.put(tx, "h", "a@h", said("x@y", "again"), 4, LIMITS)
        assert queue.put(tx, "h", "b@h", said("w@y"), 5, LIMITS)
        assert [(row.number, row.about, row.text, row.made) for row in tx.select(REPORT, ("h",))] == [
            (1, "x@y", "again", 4), (2, "z@y", "", 2), (3, "w@y", "", 5),
        ]  # fmt: skip

    in_one(fn)


def test_what_was_closed_first_gives_way_and_what_is_open_does_not() -> None:
    def fn(tx: Tx) -> None:
        for number in range(1, 5):
            assert queue.put(tx, "h", f"{number}@h", said("x@y"), number, LIMITS)
        assert not queue.put(tx, "h", "5@h", said("x@y"), 5, LIMITS)
        assert queue.close(tx, "h", 3, 10, "")
        assert queue.close(tx, "h", 2, 11, "talked to them")
        assert not queue.close(tx, "h", 9, 12, "")
        assert queue.put(tx, "h", "5@h", said("x@y"), 13, LIMITS)
        assert [row.number for row in tx.select(REPORT, ("h",))] == [1, 2, 4, 5]
        assert queue.put(tx, "h", "6@h", said("x@y"), 14, LIMITS)
        assert not queue.put(tx, "h", "7@h", said("x@y"), 15, LIMITS)
        assert queue.put(tx, "other", "7@other", said("x@y"), 15, LIMITS)

    in_one(fn)


def test_the_name_of_who_has_reported_is_forgotten_with_the_account() -> None:
    def fn(tx: Tx) -> None:
        queue.put(tx, "h", "a@h", said("x@y", "words"), 1, LIMITS)
        queue.put(tx, "h", "b@h", said("x@y"), 2, LIMITS)
        queue.forget(tx, "h", "a@h")
        rows = tx.select(REPORT, ("h",))
        assert [row.reporter for row in rows] == ["", "b@h"]
        assert "words" not in repr(rows)

    in_one(fn)
