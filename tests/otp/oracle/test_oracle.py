"""test_oracle — random programs of supervision behave on otp as they do on a real Erlang node.

`XMPPD_ORACLE=3000` runs that many (default 300, a few seconds); the seeds in REGRESSIONS once differed and stay.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from tests.otp.oracle import compare, ours, programs

#: seeds whose diaries once differed: order of links (254, 1136, 1206), a kill on the way (1, 6543), init (44)
REGRESSIONS = [1, 44, 254, 1136, 1206, 2400, 3487, 6543]
COUNT = int(os.environ.get("XMPPD_ORACLE", "300"))
FIRST = int(os.environ.get("XMPPD_ORACLE_FIRST", "10000"))


@pytest.fixture
def erlang() -> None:
    """A real Erlang is needed; where there is none, say so aloud instead of passing in silence."""
    if not compare.has_erlang():
        warnings.warn("no Erlang is installed: the oracle was not asked (apt-get install erlang-base)", stacklevel=1)
        pytest.skip("no Erlang is installed")


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("erlang")
def test_random_programs_agree_with_erlang(tmp_path: Path) -> None:
    chosen = [programs.make(seed) for seed in [*REGRESSIONS, *range(FIRST, FIRST + COUNT)]]
    differing = compare.differences(chosen, tmp_path)
    assert not differing, "\n\n".join(compare.explain(*d) for d in differing[:3])


@pytest.mark.usefixtures("erlang")
def test_the_oracle_sees_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a supervisor that never gives up must be found out
    monkeypatch.setattr("otp.stdlib.restart.TOO_OFTEN", "never")
    real = ours.SupFlags
    monkeypatch.setattr(ours, "SupFlags", lambda s, i, p, a: real(s, i + 3, p, a))
    assert compare.differences([programs.make(seed) for seed in range(60)], tmp_path)


def test_a_program_is_always_the_same() -> None:
    assert programs.make(7) == programs.make(7)
    assert programs.make(7) != programs.make(8)
    assert programs.erlang(("a", [True, 1, ("b",)])) == "{a,[true,1,{b}]}"
