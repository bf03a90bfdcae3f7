"""test_oracle__mutations — the oracles find faults of otp. `make oracle-mutations` tries all mutants, this a few."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.otp.oracle import compare, mutations
from tests.otp.oracle.mutants import MUTANTS

#: one for each of three oracles, found early
SAMPLE = {
    "servers": "the exit reason is wrapped once too often",
    "machines": "what is postponed is lost at a change of state",
    "events": "a handler stays after a crash",
}


@pytest.mark.parametrize("name", MUTANTS)
def test_what_a_mutant_changes_stands_in_the_sources(name: str) -> None:
    for file, old, new in MUTANTS[name]:
        source = (mutations.ROOT / "otp" / file).read_text()
        assert source.count(old) == 1, f"otp/{file} has changed: give the mutant its new text"
        compile(source.replace(old, new), file, "exec")


@pytest.mark.timeout(120)
def test_the_oracles_find_mutants(tmp_path: Path) -> None:
    if not compare.has_erlang():
        warnings.warn("no Erlang is installed: the oracle was not asked (apt-get install erlang-base)", stacklevel=1)
        pytest.skip("no Erlang is installed")
    rounds = mutations.ask_erlang(tmp_path, [mutations.ROUNDS[0]], SAMPLE)
    for kind, name in SAMPLE.items():
        found = mutations.hunt(mutations.mutate(MUTANTS[name], tmp_path / kind), rounds)
        assert kind in found.by
