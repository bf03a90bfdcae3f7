"""The power goes away under a loaded server: what was acknowledged is there after the next start, the subscriptions
have both sides, and a session that was attached is not resumed, since its journal may lack its end. What was on its way
to a session that is not there any more comes behind what was stored since, and what a client has just acknowledged may
come again: it is deleted a moment later."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crash.restarts import lives, until
from tests.soak.cast import User, World
from tests.soak.verdict import losses, verdict
from tests.support.booted import Booted
from tests.support.power_loss import Disk, available

pytestmark = pytest.mark.skipif(not available(), reason="needs a C compiler: cc")
#: seconds under load before each of the cuts
LOAD = (1.0, 0.7)


async def act(users: Sequence[User], world: World, seconds: float) -> None:
    """The users do what they do, and do not notice that the server is about to end."""
    world.quiet = False
    acting = [asyncio.create_task(user.live()) for user in users]
    await asyncio.sleep(seconds)
    for task in acting:
        task.cancel()
    await asyncio.gather(*acting, return_exceptions=True)
    for user in users[:2]:  # these are attached then, others may be away
        if not user.client.up:
            await user.come()
    world.quiet = True


def power_goes(server: Booted, disk: Disk, chance: random.Random | None) -> None:
    """kill -9 of all processes; then the disk has what it has."""
    pids = [server.process.pid, *server.worker_pids().values()]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(lives(pid) for pid in pids), "they live")
    disk.cut(chance)


@pytest.mark.parametrize("chance", [None, random.Random(1)], ids=["synced", "by chance"])
def test_what_was_acknowledged_survives(tmp_path: Path, chance: random.Random | None) -> None:
    disk = Disk(tmp_path)
    with Booted.start(tmp_path, 2, shell=disk.in_shell()) as server, asyncio.Runner() as runner:
        world = World(server.plain, names=[f"user{number}" for number in range(6)])
        for name in world.names:
            server.ask("user add", {"user": f"{name}@localhost", "password": "secret"})
        users = [User(world, name) for name in world.names]
        for seconds in LOAD:
            runner.run(act(users, world, seconds))
            assert sum(message.acknowledged for message in world.ledger.messages) > 10
            before = world.ledger.counts["not resumed"]
            power_goes(server, disk, chance)
            server.again()
            assert not losses(runner.run(verdict(users, world, 20.0, ordered=False)))
            assert world.ledger.counts["not resumed"] > before, "a journal was believed that may lack its end"
        runner.run(leave(users))
    for file in disk.home.rglob("*.sqlite3"):
        with sqlite3.connect(file) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def leave(users: Sequence[User]) -> None:
    """All close."""
    await asyncio.gather(*(user.client.close() for user in users))
