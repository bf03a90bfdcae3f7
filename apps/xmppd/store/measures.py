"""measures — what the store counts: commits, statements, slow ones, errors; and what is wrong with it at the moment.

OTP:      none; cf. mnesia:system_info/1 and the dumps of its alarms
Way:      store_sqlite, sqlite_writer, store_pg, pg_tx → [measures] → metrics; the log has each slow statement
Process:  none; called by all threads of the store, under one lock that is held for some additions
"""

from __future__ import annotations

import logging
import time  # real time: it is a database that takes it
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from xmppd import metrics
from xmppd.store.backend import REASONS, StoreError

COMMITS: Final = metrics.histogram("xmppd_store_commit_seconds", "from the begin of a transaction to its COMMIT").cell()
STATEMENTS: Final = metrics.counter("xmppd_store_statements_total", "statements that the store has run").cell()
SLOW: Final = metrics.counter("xmppd_store_slow_queries_total", "those of them that the log has as slow").cell()
ERRORS: Final = metrics.counter("xmppd_store_errors_total", "calls of the store that failed", reason=REASONS)

#: most letters of a statement in the log; values never stand in one
_MOST: Final = 300
_log = logging.getLogger("xmppd.store")


class _Node:
    """What is known on this node: the threshold, and the latest trouble."""

    lock: Final = Lock()
    slow = 1.0
    trouble = ""


def set_threshold(seconds: float) -> None:
    """From how many seconds on a statement or a commit is slow; 0: none is."""
    _Node.slow = seconds


@contextmanager
def statement(sql: str, number: int = 1) -> Iterator[None]:
    """Around a statement, or `number` of them that run together."""
    began = time.monotonic()
    try:
        yield
    finally:
        ran(sql, time.monotonic() - began, number)


def ran(sql: str, seconds: float, number: int = 1) -> None:
    """A statement took so long."""
    with _Node.lock:
        STATEMENTS.n += number
    if 0 < _Node.slow <= seconds:
        _slow(sql, seconds)


def committed(seconds: float, healed: bool = True) -> None:
    """A transaction, or a group of them, was committed. `healed`: so the store can be used; else it was a deletion on a
    disk that is full."""
    with _Node.lock:
        COMMITS.observe(seconds)
        if healed:
            _Node.trouble = ""
    if 0 < _Node.slow <= seconds:
        _slow("COMMIT, with what it commits", seconds)


def failed(error: StoreError) -> None:
    """A call failed; what may pass by itself is a trouble of the store from now until a commit."""
    with _Node.lock:
        ERRORS.cell(error.reason).n += 1
        if error.condition == "resource-constraint" and error.reason != "busy":
            _Node.trouble = str(error)


def trouble() -> str:
    """Why the store cannot be used, in words, as far as the latest call knows; "" if it can."""
    return _Node.trouble


def _slow(what: str, seconds: float) -> None:
    with _Node.lock:
        SLOW.n += 1
    _log.warning("slow: %.1f s for %s", seconds, what if len(what) <= _MOST else what[:_MOST] + " …")
