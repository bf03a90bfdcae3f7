"""test_top — who has most to do.

Way:  otp.observer.top
"""

from __future__ import annotations

import json

from otp.erts import process
from otp.observer import top
from otp.observer.top import Row
from otp.stdlib import gen_server
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply
from tests.support import scripted_children
from tests.support.node import run


class Idle(GenServer[list[int]]):
    def init(self, size: int) -> list[int]:
        return [0] * size

    def handle_info(self, message: object, state: list[int]) -> NoReply[list[int]]:
        return NoReply(state)


async def start(name: str, size: int = 1) -> None:
    await gen_server.start_link(Idle, size, name=name)


def names(rows: list[Row]) -> list[str | None]:
    return [row.name for row in rows]


def test_the_busy_the_full_and_the_fat_come_first() -> None:
    async def body() -> None:
        await start("busy")
        await start("full")
        await start("fat", 100_000)
        before = top.counts()
        for _ in range(10):
            process.send("busy", "work")
        await process.sleep(0.01)
        for _ in range(5):
            process.send("full", "work")
        assert names(top.rows(before, 0.5, "rate", 1)) == ["busy"]
        assert names(top.rows(before, 0.5, "mailbox", 1)) == ["full"]
        assert names(top.rows(before, 0.5, "memory", 1)) == ["fat"]
        assert names(top.rows(before, 0.5, "reductions", 1)) == ["busy"]
        (row,) = top.rows(before, 0.5, "rate", 1)
        assert (row.label, row.rate, row.mailbox, row.status) == ("Idle", 20.0, 0, "waiting")
        assert json.dumps(row.as_dict())
        assert top.rows(before, 0.5, "memory", 1)[0].memory > 800_000

    run(body)


def test_a_supervisor_is_called_by_its_module() -> None:
    async def body() -> list[str]:
        await scripted_children.start(SupFlags(), [], name="top")
        return [row.label for row in top.rows({}, 1.0, "rate", 100) if row.name == "top"]

    assert run(body) == ["Any_"]


def test_the_dead_are_not_shown_and_the_new_are() -> None:
    async def body() -> None:
        pid = process.spawn(process.receive)
        before = top.counts()
        process.exit_(pid, "kill")
        await start("late")
        shown = top.rows(before, 1.0, "rate", 100)
        assert str(pid) not in [row.pid for row in shown]
        assert "late" in names(shown)
        assert top.memory(pid) == 0

    run(body)
