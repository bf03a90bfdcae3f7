"""mutations — holds the oracles to their task: each mutant of otp must be found by one of them.

    python -m tests.otp.oracle.mutations [words of a mutant's name]

For each mutant (mutants.py) a copy of otp/ is changed in a temporary folder, and a process of its own, for which that
copy comes first, runs ever more programs of every kind until one lives otherwise than on a real Erlang. Printed is
which oracles found it, and after how many programs. The status is 1 if one was not found, or if a difference was found
in otp as it is, which is looked at first.

    mutations (this process)                a process per mutant and round
    ───────────────────────────────────     ──────────────────────────────────────────────
    Erlang's diaries, once, as JSON ──────► the same programs on the mutant: first(kind, …)
    a row of the table              ◄────── {kind: nr of the first program that differs}
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import otp
from tests.otp.oracle import compare, events, machines, our_servers, ours, programs, server_compare, servers
from tests.otp.oracle.mutants import MUTANTS, Change

ROOT = Path(__file__).parents[3]
#: the seed of the first program of each kind
FIRST = 10_000
#: how many programs there are after each round
ROUNDS = (30, 120, 480, 1920)
#: the name of no mutant
AS_IT_IS = "(none: otp as it is)"
#: after how many seconds a round has come to no end: for its start, and for each program (ten times what it takes)
START, EACH = 30.0, 0.2


class Oracle(NamedTuple):
    """A kind of programs: how they are made, run on both sides, and held against each other."""

    make: Callable[[int], Any]
    on_erlang: Callable[[list[Any], Path], list[Any]]
    on_ours: Callable[[list[Any]], list[Any]]
    same: Callable[[Any, Any, Any], bool]


def _same_family(program: Any, erlang: Any, mine: Any) -> bool:
    return compare.same(compare.view(program, erlang), compare.view(program, mine))


def _same_server(program: Any, erlang: Any, mine: Any) -> bool:
    return server_compare.view(erlang) == server_compare.view(mine)


def _same(program: Any, erlang: Any, mine: Any) -> bool:
    return bool(erlang == mine)


ORACLES = {
    "servers": Oracle(servers.make, server_compare.run_erlang, our_servers.run_all, _same_server),
    "supervisors": Oracle(programs.make, compare.run_erlang, ours.run_all, _same_family),
    "machines": Oracle(machines.make, machines.run_erlang, machines.run_ours, _same),
    "events": Oracle(events.make, events.run_erlang, events.run_ours, _same),
}


class Round(NamedTuple):
    """The programs with these seeds, and where it is written what they do on Erlang."""

    seeds: range
    diaries: Path


class Found(NamedTuple):
    """What became of a mutant: {oracle: how many programs it took}; `hung`: one of so many came to no end."""

    by: dict[str, int]
    hung: bool = False

    def __str__(self) -> str:
        """As it stands in the table."""
        how = "of {} one comes to no end" if self.hung else "{}"
        return ", ".join(f"{kind} {how.format(count)}" for kind, count in self.by.items()) or "NOT FOUND"


# -- a mutant's own process


def first(kind: str, seeds: range, diaries: list[Any]) -> int | None:
    """The place of the first of these programs that lives otherwise here than on Erlang."""
    oracle = ORACLES[kind]
    chosen = [oracle.make(seed) for seed in seeds]
    mine = json.loads(json.dumps(oracle.on_ours(chosen)))
    pairs = enumerate(zip(chosen, diaries, mine, strict=True))
    return next((at for at, (program, a, b) in pairs if not oracle.same(program, a, b)), None)


def look(diaries: Path) -> dict[str, int]:
    """All oracles on the programs of one round: {oracle: place of the first that differs}."""
    logging.disable(logging.CRITICAL)
    asked: dict[str, Any] = json.loads(diaries.read_text())
    found: dict[str, int] = {}
    for kind, (seeds, theirs) in asked.items():
        print(kind, file=sys.stderr, flush=True)  # should it come to no end
        at = first(kind, range(*seeds), theirs)
        if at is not None:
            found[kind] = at
    return found


# -- the process that asks


def mutate(changes: Iterable[Change], folder: Path) -> Path:
    """A folder with a copy of otp/ that has these changes. Raises: ValueError if a text does not stand there once."""
    shutil.copytree(Path(otp.__file__).parent, folder / "otp", ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in changes:
        path = folder / "otp" / file
        source = path.read_text()
        if source.count(old) != 1:
            raise ValueError(f"otp/{file}: this stands there {source.count(old)} times:\n{old}")
        path.write_text(source.replace(old, new))
    return folder


def ask_erlang(folder: Path, totals: Iterable[int], kinds: Iterable[str]) -> list[Round]:
    """What Erlang does, round by round; after each there are so many programs of each of these kinds in all."""
    rounds, done = [], 0
    for total in totals:
        seeds = range(FIRST + done, FIRST + total)
        asked = {k: ORACLES[k].on_erlang([ORACLES[k].make(seed) for seed in seeds], folder) for k in kinds}
        rounds.append(Round(seeds, folder / f"diaries{total}.json"))
        rounds[-1].diaries.write_text(json.dumps({k: ((seeds.start, seeds.stop), asked[k]) for k in kinds}))
        done = total
    return rounds


def hunt(folder: Path, rounds: Iterable[Round]) -> Found:
    """Have the oracles look at the otp in `folder`, round by round, until one has found a difference."""
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    for seeds, diaries in rounds:
        command = [sys.executable, "-m", "tests.otp.oracle.mutations", "--look", str(diaries)]
        patience = START + EACH * len(seeds)
        try:
            run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=patience)
        except subprocess.TimeoutExpired as late:
            said = (late.stderr or b"").decode().split()
            return Found({kind: seeds.stop - FIRST for kind in ORACLES if [kind] == said[-1:]}, hung=True)
        if run.returncode:
            raise RuntimeError(f"the oracles themselves failed on {folder}:\n{run.stderr[-2000:]}")
        place, by = json.loads(run.stdout)
        if not Path(place).is_relative_to(folder):
            raise RuntimeError(f"not the mutant was run, but {place}")
        if by:
            return Found({kind: seeds[at] - FIRST + 1 for kind, at in by.items()})
    return Found({})


def table(names: list[str], totals: Iterable[int] = ROUNDS, kinds: Iterable[str] = tuple(ORACLES)) -> bool:
    """Print what became of each of these mutants; True if all were found, and nothing in otp as it is."""
    complete = True
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        rounds = ask_erlang(base, totals, kinds)
        print("| mutant | found by, after so many programs | seconds |\n|---|---|---|", flush=True)
        for nr, name in enumerate((AS_IT_IS, *names)):
            since = time.monotonic()
            found = hunt(mutate(MUTANTS.get(name, ()), base / str(nr)), rounds)
            complete = complete and bool(found.by) is (name != AS_IT_IS)
            print(f"| {name} | {found} | {time.monotonic() - since:.0f} |", flush=True)
            shutil.rmtree(base / str(nr))
    return complete


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="mutations", description="find mutants of otp by its oracles")
    parser.add_argument("words", nargs="*", help="only mutants that have these words in their names")
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look is not None:
        print(json.dumps((otp.__file__, look(options.look))))
        return
    chosen = [name for name in MUTANTS if all(word in name for word in options.words)]
    sys.exit(0 if table(chosen) else 1)


if __name__ == "__main__":
    main()
