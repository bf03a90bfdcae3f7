"""The walk: at each named crash point a worker dies under load, and nothing that was acknowledged is missing after it.

One server of two workers lives through all of it; a point is armed on its first worker while users chat, come, go,
detach and resume. Where that reaches no point, the other worker is killed, so that this one has to take over. Points
that only a start or a verb reaches are in ELSEWHERE, with the test that walks them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.restarts import lives
from tests.soak.cast import User, World
from tests.soak.verdict import losses, verdict
from tests.support import postgres
from tests.support.booted import Booted
from xmppd import crash_points

ROOT = Path(__file__).parents[2]
#: point → the test that walks it
ELSEWHERE = {
    "store.in_migration": "tests/crash/test_walk__verbs.py:test_a_death_in_a_migration",
    "db.in_backup": "tests/crash/test_walk__verbs.py:test_a_death_in_a_backup",
    "db.in_copy": "tests/crash/test_walk__verbs.py:test_a_death_in_a_copy",
}
WALKED = sorted(set(crash_points.POINTS) - set(ELSEWHERE))
ON_POSTGRESQL = ["store.before_commit", "store.after_commit"]
#: what is passed by chance only, or once in a life: at its first passing
RARE = ("adopt.", "surrender.", "offline.")
#: seconds in which the load must reach a point: by itself, and after the other worker was killed
REACH = (4.0, 12.0)
KILLS = 4
USERS = [f"user{number}" for number in range(6)]


@dataclass
class Walk:
    """The server, its users and their loop."""

    server: Booted
    world: World
    users: list[User]
    runner: asyncio.Runner
    seen: int = 0

    def die_at(self, name: str) -> list[str]:
        """A death of w1 at the point under load, and what is wrong after it; nothing of that is told again."""
        pids = self.server.await_workers(lambda now: set(now) == {"w1", "w2"})
        self.seen = len(self.server.log())
        passing = 1 if name.startswith(RARE) else 1 + zlib.crc32(name.encode()) % 6
        self.server.eval(f"from xmppd import crash_points; crash_points.arm('{name}:{passing}')", "w1")
        self.runner.run(self._load_until_death(pids["w1"], name))
        wrong = self.runner.run(verdict(self.users, self.world, 10.0)) + self.world.complaints
        self.world.ledger.forgive()
        self.world.complaints.clear()
        return wrong

    async def _load_until_death(self, pid: int, name: str) -> None:
        """The users act until the worker has died, and a moment longer. Raises AssertionError."""
        self.world.quiet = False
        acting = [asyncio.create_task(user.live()) for user in self.users]
        try:
            alone = REACH[0] if not name.startswith("adopt.") else 0.5  # nobody else is to be taken over from yet
            died = await self._dies(pid, name, alone)
            for _ in range(KILLS):
                if not died:  # what the other leaves is taken over by this one, or by its own next life
                    await self._kill_the_other()
                    died = await self._dies(pid, name, REACH[1] / KILLS)
            assert died, f"nothing reached {name}: the users have to do what does"
            await asyncio.sleep(0.2)
        finally:
            self.world.quiet = True
            await asyncio.gather(*acting)

    async def _kill_the_other(self) -> None:
        other = (await asyncio.to_thread(self.server.worker_pids)).get("w2")
        if other is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)

    async def _dies(self, pid: int, name: str, seconds: float) -> bool:
        """Whether the worker dies in time; there and nowhere else."""
        deadline = time.monotonic() + seconds
        while lives(pid):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        words = f"{crash_points.VARIABLE}: dies at {name}"
        while words not in self.server.log()[self.seen :]:
            assert time.monotonic() < deadline + 2.0, f"it died, but not at {name}"
            await asyncio.sleep(0.02)
        return True


@contextlib.contextmanager
def walking(folder: Path, more: str = "") -> Iterator[Walk]:
    with Booted.start(folder, 2, more=more, limits="worker_restarts = 1000") as server, asyncio.Runner() as runner:
        for name in USERS:
            server.ask("user add", {"user": f"{name}@localhost", "password": "secret"})
        world = World(server.plain, names=USERS)
        yield Walk(server, world, [User(world, name) for name in USERS], runner)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walking(tmp_path_factory.mktemp("walk")) as walk:
        yield walk


@pytest.mark.parametrize("name", WALKED)
def test_a_death_there_loses_nothing_that_was_acknowledged(walk: Walk, name: str) -> None:
    wrong = walk.die_at(name)
    assert not losses(wrong), "\n".join(wrong)


def test_the_database_is_sound_after_all_of_it(walk: Walk) -> None:
    [file] = walk.server.home.rglob("*.sqlite3")
    with sqlite3.connect(file) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not conn.execute("PRAGMA foreign_key_check").fetchall()


@pytest.fixture(scope="module")
def walk_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    if not postgres.available():
        pytest.skip("needs PostgreSQL")
    cluster = None if postgres.GIVEN else postgres.Cluster()
    url = postgres.fresh(postgres.GIVEN or (cluster.url if cluster is not None else ""))
    try:
        with walking(tmp_path_factory.mktemp("walk"), f'[store]\nbackend = "postgres"\nurl = "{url}"') as walk:
            yield walk
    finally:
        if cluster is not None:
            cluster.remove()


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_a_death_there_loses_nothing_on_postgresql_either(walk_on_postgresql: Walk, name: str) -> None:
    wrong = walk_on_postgresql.die_at(name)
    assert not losses(wrong), "\n".join(wrong)


def test_each_point_is_walked_somewhere() -> None:
    for name, place in ELSEWHERE.items():
        file, _, test = place.partition(":")
        assert f"def {test}(" in (ROOT / file).read_text(), name
    assert ELSEWHERE.keys() <= crash_points.POINTS.keys()
