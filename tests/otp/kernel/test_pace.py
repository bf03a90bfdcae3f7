"""Who sends much to a node that does not keep up waits; who sends little does not."""

from __future__ import annotations

import signal

import pytest

from otp.erts import process, runtime
from otp.erts.pid import Pid
from otp.kernel import pace
from otp.kernel.pace import MOST, SHARE, Pace
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import until


def _run(body: object) -> None:
    runtime.run(body, node="main")  # type: ignore[arg-type]


def test_each_sender_has_a_share() -> None:
    async def body() -> None:
        books, went = Pace(lambda: 0), []

        async def send(name: str, octets: int) -> None:
            for number in range(3):
                await books.turn()
                books.owe(octets)
                went.append((name, number))

        books.behind = True
        process.spawn(send, "much", SHARE)
        process.spawn(send, "little", SHARE // 4)
        await until(lambda: len(went) == 4)
        assert [one for one in went if one[0] == "much"] == [("much", 0)]
        books.ease()
        books.behind = True
        await until(lambda: len(went) == 5)
        books.ease()
        await until(lambda: len(went) == 6)

    _run(body)


def test_nobody_sends_any_more_when_too_much_waits_of_all() -> None:
    async def body() -> None:
        unsent = [MOST]
        books, went = Pace(lambda: unsent[0]), []

        async def send() -> None:
            await books.turn()
            went.append(process.self_())

        books.behind = True
        for _ in range(100):
            process.spawn(send)
        await process.sleep(0.02)
        assert went == []
        unsent[0] = 0
        books.ease()
        await until(lambda: len(went) == 100)

    _run(body)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_flood_to_a_node_that_stands_still_stays_small_and_comes_whole_when_it_goes_on(loop: str) -> None:
    async def body(nodes: Mesh) -> None:
        echo = await call("w1", "start_echo")
        nodes.children["w1"].send_signal(signal.SIGSTOP)
        sent: list[int] = []

        async def flood(to: Pid) -> None:
            for number in range(400):
                if pace.BEHIND:
                    await pace.turn(to.node)
                process.send(to, (process.self_(), "x" * 100_000))
                sent.append(number)

        process.spawn(flood, echo)
        await until(lambda: pace.BEHIND)
        await process.sleep(0.05)
        assert len(sent) < 40
        nodes.children["w1"].send_signal(signal.SIGCONT)
        await until(lambda: len(sent) == 400, 20)
        assert await call("w1", "add", 1, 2) == 3
        await until(lambda: not pace.BEHIND, 20)

    mesh.run(body, "w1", loop=loop)
