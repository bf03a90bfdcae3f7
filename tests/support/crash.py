"""crash — the crash points of the server, as tests watch them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from xmppd import crash_points


@contextmanager
def watched() -> Iterator[list[str]]:
    """The names of the points that this process passes, as they are passed."""
    passed: list[str] = []
    crash_points.WATCHERS.append(passed.append)
    try:
        yield passed
    finally:
        crash_points.WATCHERS.remove(passed.append)
