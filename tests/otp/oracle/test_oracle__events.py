"""test_oracle__events — random event managers live through the same as on a real Erlang node.

`XMPPD_ORACLE=3000` runs that many (default 300, a few seconds).
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.stdlib.event_manager import EventManager
from tests.otp.oracle import compare, events

COUNT = int(os.environ.get("XMPPD_ORACLE", "300"))
FIRST = int(os.environ.get("XMPPD_ORACLE_FIRST", "10000"))


@pytest.fixture
def erlang() -> Iterator[None]:
    """A real Erlang is needed; where there is none, say so aloud instead of passing in silence."""
    if not compare.has_erlang():
        warnings.warn("no Erlang is installed: the oracle was not asked (apt-get install erlang-base)", stacklevel=1)
        pytest.skip("no Erlang is installed")
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def differing(count: int, folder: Path) -> list[str]:
    """What is different, told."""
    programs = [events.make(seed) for seed in range(FIRST, FIRST + count)]
    theirs, ours = events.run_erlang(programs, folder), events.run_ours(programs)
    return [
        f"seed {FIRST + n}: {events.term(program)}\nerlang {theirs[n]}\nours   {ours[n]}"
        for n, program in enumerate(programs)
        if theirs[n] != ours[n]
    ]


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("erlang")
def test_random_managers_agree_with_erlang(tmp_path: Path) -> None:
    assert not differing(COUNT, tmp_path)[:3]


@pytest.mark.usefixtures("erlang")
def test_the_oracle_sees_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a manager that tells no supervisor must be found out
    def silent(self: Any, entry: Any, reason: object) -> None:
        """Tells nobody."""

    monkeypatch.setattr(EventManager, "_leave", silent)
    assert differing(50, tmp_path)


def test_a_program_is_always_the_same() -> None:
    assert events.make(7) == events.make(7)
    assert events.make(7) != events.make(8)
