"""soak — the server under load of all kinds, with a fault each minute, and every promise checked.

    python -m tests.soak.soak --minutes 30 [--backend postgres] [--every 60] [--users 16] [--seed 1] [--json FILE]

It boots a server of two workers in a home of its own (`--home` keeps it), and ends with a report and the exit status 1
if anything that was acknowledged is lost or doubled, a fact is not as it was acknowledged, half a subscription is
stored, a session was not resumed, or the database is not sound.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.soak.cast import User, World, newcomer, stranger, visitor
from tests.soak.faults import Stage, in_turn
from tests.soak.memory import rss, slope
from tests.soak.verdict import verdict
from tests.support import postgres
from tests.support.booted import Booted

LIMITS = "worker_restarts = 1000"


@dataclass
class Run:
    """The choices of a run."""

    minutes: float
    every: float = 60.0
    users: int = 16
    seed: int = 1
    backend: str = "sqlite"
    managed: bool = True
    faults: tuple[str, ...] = ()


@dataclass
class Report:
    """What came of it."""

    run: Run
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    longest_gap: float = 0.0
    slopes: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """For people."""
        lines = [f"{self.run.minutes:g} minutes on {self.run.backend}, {self.run.users} users, seed {self.run.seed}"]
        lines += [f"  {name:14} {value}" for name, value in self.figures.items()]
        lines += [
            f"  {row['kind']:14} a new client after {row['served']:.2f} s, whole after {row['whole']:.2f} s"
            for row in self.faults
        ]
        lines += [f"  longest time without a login: {self.longest_gap:.2f} s"]
        lines += [
            f"  {name}: peak {self.peaks[name] // 1024} MiB, {value:+.2f} MiB/h" for name, value in self.slopes.items()
        ]
        return "\n".join([*lines, *(f"  WRONG {text}" for text in _shortened(self.wrong))])


def _shortened(wrong: list[str]) -> list[str]:
    """A few of each kind of sentence."""
    seen: Counter[str] = Counter()
    kept = []
    for text in wrong:
        kind = re.sub(r"\d+", "", text).split(" came ")[-1][-20:]
        seen[kind] += 1
        if seen[kind] <= 4 or text.startswith("   "):
            kept.append(text)
    return kept


async def soak(stage: Stage, run: Run, report: Report) -> None:
    """Load, faults, rest, and the verdict into the report."""
    world = stage.world
    users = [User(world, name) for name in world.names]
    watch = asyncio.create_task(_watch_memory(stage, report))
    acting = [asyncio.create_task(user.live()) for user in users]
    acting += [asyncio.create_task(one) for one in (stranger(world, 1), visitor(world, "visitor"), newcomer(world))]
    striking = asyncio.create_task(_strike(stage, run))
    done, _ = await asyncio.wait([*acting, striking], return_when=asyncio.FIRST_COMPLETED)
    world.quiet = True
    for task in done:
        task.result()
    await asyncio.gather(*acting)
    report.wrong += [*await verdict(users, world), *world.complaints]
    await asyncio.gather(*(user.client.close() for user in users))
    watch.cancel()
    report.faults = [asdict(one) for one in stage.struck]
    report.longest_gap = _gap(world)
    report.figures = world.ledger.summary()


async def _strike(stage: Stage, run: Run) -> None:
    end = time.monotonic() + run.minutes * 60
    kinds = run.faults or in_turn(stage.cluster is not None)
    number = 0
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(run.every, left))
        if end - time.monotonic() > 0 or not number:
            await stage.strike(kinds[number % len(kinds)])
            number += 1


async def _watch_memory(stage: Stage, report: Report) -> None:
    """Sample each worker; a slope is of the life of one process, from its second minute on."""
    samples: dict[tuple[str, int], list[tuple[float, float]]] = {}
    while True:
        await asyncio.sleep(1.0)
        try:
            pids = await stage.pids()
        except Exception:
            continue  # it is being restarted
        for name, pid in pids.items():
            size = rss(pid)
            if not size:
                continue
            report.peaks[name] = max(report.peaks.get(name, 0), size)
            life = samples.setdefault((name, pid), [])
            life.append((time.monotonic(), size))
            late = [one for one in life if one[0] - life[0][0] > 60]
            if len(late) > 60:
                report.slopes[f"{name}"] = slope(late)


def _gap(world: World) -> float:
    """The longest time between two logins that succeeded, of a client that tries twenty times a second."""
    good = [at + took for at, took in world.logins if took is not None]
    return max((after - before for before, after in itertools.pairwise(good)), default=0.0)


def play(run: Run, folder: Path) -> Report:
    """Boot a server in `folder`, soak it, and look at what it leaves."""
    report, world = Report(run), World(0, seed=run.seed, managed=run.managed)
    cluster = postgres.Cluster() if run.backend == "postgres" else None
    more = ""
    if cluster is not None:
        more = f'[store]\nbackend = "postgres"\nurl = "{postgres.fresh(cluster.url)}"'
    try:
        with Booted.start(folder, workers=2, more=more, limits=LIMITS) as server:
            world.port = server.plain
            world.names = [f"user{number}" for number in range(run.users)]
            for name in [*world.names, "visitor"]:
                server.ask("user add", {"user": f"{name}@localhost", "password": "secret"})
            stage = Stage(server, world, cluster, random.Random(run.seed))
            asyncio.run(soak(stage, run, report))
            log = server.log()
        report.wrong += [line for line in log.splitlines() if "Traceback" in line][:5]
        if cluster is None:
            report.wrong += _unsound(folder / "home")
    finally:
        if cluster is not None:
            cluster.remove()
    return report


def _unsound(home: Path) -> list[str]:
    wrong = []
    for file in home.rglob("*.sqlite3"):
        with sqlite3.connect(file) as conn:
            answer = conn.execute("PRAGMA integrity_check").fetchall()
            wrong += [f"{file.name}: {answer}"] if answer != [("ok",)] else []
    return wrong


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two faults")
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--faults", default="", help="kinds of faults in turn, separated by commas")
    parser.add_argument("--unmanaged", action="store_true", help="clients without stream management")
    parser.add_argument("--home", type=Path, help="a folder to leave the server's files in")
    parser.add_argument("--json", type=Path, help="a file for the report")
    said = parser.parse_args()
    faults = tuple(filter(None, said.faults.split(",")))
    run = Run(said.minutes, said.every, said.users, said.seed, said.backend, not said.unmanaged, faults)
    if said.home is not None:
        said.home.mkdir(parents=True, exist_ok=True)
        report = play(run, said.home)
    else:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            report = play(run, Path(folder))
    print(report.text())
    if said.json is not None:
        said.json.write_text(json.dumps(asdict(report), indent=1))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
