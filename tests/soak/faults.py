"""faults — what a soak does to the server: kill -9 of a worker, of all, of the parent, a pause, a database that goes.

Each fault is a function of the stage: it strikes, waits until the server is whole again, and says how long what took.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.soak.cast import World
from tests.soak.sm_client import Refused, SmClient
from tests.support.booted import Booted
from tests.support.postgres import Cluster

#: seconds a worker is stopped: longer than a heartbeat's patience, shorter than the parent's for a blocked loop
PAUSE = 3.0
#: seconds PostgreSQL is away
AWAY = 2.0


@dataclass
class Struck:
    """A fault, and what it took: seconds until a new client got in, and until all workers were up."""

    kind: str
    at: float
    served: float = 0.0
    whole: float = 0.0


@dataclass
class Stage:
    """The server, the database if it has one, and who acts."""

    server: Booted
    world: World
    cluster: Cluster | None = None
    chance: random.Random = field(default_factory=random.Random)
    struck: list[Struck] = field(default_factory=list)
    #: when the fault in hand has struck
    hit: asyncio.Event = field(default_factory=asyncio.Event)

    async def strike(self, kind: str) -> Struck:
        """One fault, to its end."""
        one = Struck(kind, time.time())
        self.struck.append(one)
        self.world.note("fault", kind)
        self.hit.clear()
        served = asyncio.create_task(self._served(one))
        await FAULTS[kind](self)
        begun = await served
        await self._whole()
        one.whole = time.monotonic() - begun
        return one

    async def _served(self, one: Struck) -> float:
        """Log in from the moment of the fault on; when that was."""
        await self.hit.wait()
        begun = time.monotonic()
        client = SmClient(lambda: self.world.port, "visitor", "", lambda *_: None, managed=False)
        while time.monotonic() - begun < 60:
            with contextlib.suppress(Refused, OSError):
                await client.connect()
                one.served = time.monotonic() - begun
                break
            await asyncio.sleep(0.01)
        client.drop()
        return begun

    async def _whole(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                status = await asyncio.to_thread(self.server.ask, "status")
                if all(row["state"] == "up" for row in status["workers"]):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError("the workers are not back")

    async def pids(self) -> dict[str, int]:
        """The workers that are up."""
        return await asyncio.to_thread(self.server.worker_pids)


async def kill_a_worker(stage: Stage) -> None:
    """kill -9 of one of the workers."""
    name, pid = stage.chance.choice(list((await stage.pids()).items()))
    stage.world.note("fault", f"kill -9 {name}")
    _kill(pid, signal.SIGKILL)
    stage.hit.set()


async def kill_all_workers(stage: Stage) -> None:
    """kill -9 of all of them at once."""
    for pid in (await stage.pids()).values():
        _kill(pid, signal.SIGKILL)
    stage.hit.set()


async def kill_the_parent(stage: Stage) -> None:
    """kill -9 of the parent, with which the workers end, and a start by hand."""
    stage.server.process.kill()
    stage.hit.set()
    await asyncio.to_thread(stage.server.process.wait)
    await asyncio.to_thread(stage.server.again)


async def stop_and_start(stage: Stage) -> None:
    """An ordered restart."""
    await asyncio.to_thread(stage.server.stop)
    stage.hit.set()
    await asyncio.to_thread(stage.server.again)


async def pause_a_worker(stage: Stage) -> None:
    """SIGSTOP of a worker, SIGCONT after a while."""
    pid = stage.chance.choice(list((await stage.pids()).values()))
    _kill(pid, signal.SIGSTOP)
    stage.hit.set()
    await asyncio.sleep(PAUSE)
    _kill(pid, signal.SIGCONT)


async def kill_the_database(stage: Stage) -> None:
    """PostgreSQL ends as in a crash, and is back after a while."""
    assert stage.cluster is not None
    await asyncio.to_thread(stage.cluster.stop)
    stage.hit.set()
    await asyncio.sleep(AWAY)
    await asyncio.to_thread(stage.cluster.start)


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


FAULTS: dict[str, Callable[[Stage], Awaitable[Any]]] = {
    "worker": kill_a_worker,
    "parent": kill_the_parent,
    "pause": pause_a_worker,
    "all workers": kill_all_workers,
    "restart": stop_and_start,
    "database": kill_the_database,
}


def in_turn(with_database: bool) -> Sequence[str]:
    """The order in which they strike."""
    kinds = ("worker", "parent", "database", "worker", "pause", "all workers", "restart")
    return tuple(kind for kind in kinds if with_database or kind != "database")
