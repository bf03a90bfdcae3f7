"""An OS process that is kept running: at once, ever later, and given up only if nobody can live."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.kernel import keeper, peer
from otp.kernel.keeper import STATES, Kept, Patience
from otp.kernel.peer import PeerSpec
from otp.stdlib import gen_server
from tests.support.node import until


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    STATES.clear()
    yield
    STATES.clear()


def _spec(name: str, *mode: str) -> PeerSpec:
    return PeerSpec(name, (sys.executable, "-m", "tests.support.peer_program", *mode), shutdown=5.0)


def _run(body: Any) -> Any:
    async def main() -> Any:
        process.trap_exit(True)
        return await body()

    return runtime.run(main, node="main")


async def _serving(name: str) -> int:
    await until(lambda: STATES[name].status == "serving", 20)
    return (await peer.info(name)).os_pid


def test_it_is_back_at_once_and_ends_in_order() -> None:
    async def body() -> None:
        pid = await keeper.start_link(_spec("a", "ready"))
        first = await _serving("a")
        os.kill(first, signal.SIGKILL)
        await until(lambda: STATES["a"].ends == 1)
        second = await _serving("a")
        assert second != first
        assert STATES["a"] == Kept("serving", 1, "was killed by SIGKILL")
        await gen_server.stop(pid)
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)
        assert STATES["a"].status == "stopping"

    _run(body)


def test_who_ends_often_waits_ever_longer_and_nobody_else_notices() -> None:
    async def body() -> None:
        asked: list[str] = []
        patience = Patience(restarts=2, first=0.05, most=0.2)
        await keeper.start_link(_spec("good", "ready"), patience, asked.append)
        good = await _serving("good")
        await keeper.start_link(_spec("bad", "exit", "3"), patience, asked.append)
        await until(lambda: STATES["bad"].ends >= 5, 30)
        assert STATES["bad"].hopeless
        assert STATES["bad"].last == "ended with status 3: last words"
        assert (await peer.info("good")).os_pid == good
        assert (STATES["good"].ends, asked) == (0, [])

    _run(body)


@pytest.mark.parametrize("ends", range(1, 9))
def test_how_long_it_waits(ends: int) -> None:
    async def body() -> None:
        patience = Patience(restarts=3, period=60.0, first=1.0, most=4.0)
        state = keeper._State(_spec("a"), patience, lambda why: None)
        STATES["a"] = Kept()
        for _ in range(ends):
            keeper._ended(state, ("signal", "SIGKILL", ()))
        assert state.pause == [0, 0, 0, 1, 2, 4, 4, 4][ends - 1]

    _run(body)


def test_somebody_is_asked_to_give_up_when_none_can_live() -> None:
    async def body() -> None:
        asked: list[str] = []
        for name in ("a", "b"):
            await keeper.start_link(_spec(name, "exit", "3"), Patience(1, first=0.01), asked.append)
        await until(lambda: asked, 30)
        assert all(kept.hopeless for kept in STATES.values())
        assert "a and b cannot live" in asked[0]
        assert "ended with status 3: last words" in asked[0]

    _run(body)


def test_what_cannot_be_run_at_all_is_tried_again_too() -> None:
    async def body() -> None:
        await keeper.start_link(PeerSpec("a", ("/no/such/program",)), Patience(0, first=0.01))
        await until(lambda: STATES["a"].ends > 1)
        assert "cannot_run" in STATES["a"].last

    _run(body)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (("signal", "SIGKILL", ()), "was killed by SIGKILL"),
        (("exit_status", 3, ("one", "two")), "ended with status 3: two"),
        (("exit_status", 3, ()), "ended with status 3"),
        (("not_ready", 30.0, ()), "was not ready in 30.0 s"),
        ("normal", "ended by itself"),
        ("shutdown", "ended: shutdown"),
    ],
)
def test_the_end_in_words(reason: object, said: str) -> None:
    assert keeper.words(reason) == said
