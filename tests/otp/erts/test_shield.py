"""test_shield — what the loop has begun is finished, whoever waits for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otp.erts import process
from otp.erts.shield import shielded
from tests.support.node import run, until


async def work(done: list[Any], gate: asyncio.Event) -> str:
    try:
        await gate.wait()
    finally:
        done.append("cut")
    done[-1] = "finished"
    return "it"


def test_the_caller_gets_the_result_or_the_error() -> None:
    async def body() -> None:
        gate = asyncio.Event()
        gate.set()
        assert await shielded(work([], gate)) == "it"

        async def fails() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await shielded(fails())

    run(body)


def test_a_killed_caller_does_not_cut_it() -> None:
    async def body() -> None:
        done: list[Any] = []
        gate = asyncio.Event()
        pid = process.spawn(lambda: shielded(work(done, gate)))
        await process.sleep(0.001)
        process.exit_(pid, "kill")
        await until(lambda: not process.is_alive(pid))
        assert done == []
        gate.set()
        await until(lambda: done == ["finished"])

    run(body)


def test_it_comes_to_its_end_before_the_node_does() -> None:
    done: list[Any] = []

    async def body() -> None:
        gate = asyncio.Event()
        gate.set()
        process.spawn(lambda: shielded(work(done, gate)))
        await process.sleep(0)

    run(body)
    assert done == ["finished"]
