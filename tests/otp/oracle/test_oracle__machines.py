"""test_oracle__machines — random state machines see the same events, in the same order, as on a real Erlang node.

`XMPPD_ORACLE=3000` runs that many (default 300, a few seconds).
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from otp.stdlib.statem_process import GenStatemProcess
from tests.otp.oracle import compare, machines

COUNT = int(os.environ.get("XMPPD_ORACLE", "300"))
FIRST = int(os.environ.get("XMPPD_ORACLE_FIRST", "10000"))


@pytest.fixture
def erlang() -> None:
    """A real Erlang is needed; where there is none, say so aloud instead of passing in silence."""
    if not compare.has_erlang():
        warnings.warn("no Erlang is installed: the oracle was not asked (apt-get install erlang-base)", stacklevel=1)
        pytest.skip("no Erlang is installed")


def differing(count: int, folder: Path) -> list[str]:
    """What is different, told."""
    programs = [machines.make(seed) for seed in range(FIRST, FIRST + count)]
    theirs, ours = machines.run_erlang(programs, folder), machines.run_ours(programs)
    return [
        f"seed {FIRST + n}: {machines.erlang(program)}erlang {theirs[n]}\nours   {ours[n]}"
        for n, program in enumerate(programs)
        if theirs[n] != ours[n]
    ]


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("erlang")
def test_random_machines_agree_with_erlang(tmp_path: Path) -> None:
    assert not differing(COUNT, tmp_path)[:3]


@pytest.mark.usefixtures("erlang")
def test_the_oracle_sees_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a machine that forgets to cancel its state time-out at a change of state must be found out
    real = GenStatemProcess._cancel

    def forgets(self: Any, type_: Any) -> None:
        if type_ != "state_timeout":
            real(self, type_)

    monkeypatch.setattr(GenStatemProcess, "_cancel", forgets)
    assert differing(200, tmp_path)


def test_a_program_is_always_the_same() -> None:
    assert machines.make(7) == machines.make(7)
    assert machines.make(7) != machines.make(8)
