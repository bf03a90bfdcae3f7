"""test_function_process — a function's life as a process, and hibernation that drops its stack."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import Crash, NotAProcess
from otp.erts.process import process_info, receive, self_, send
from otp.erts.signals import Down
from tests.support.node import run, until


def status(pid: Any) -> str | None:
    info = process_info(pid)
    return info.status if info is not None else None


def test_a_process_ends_with_its_function() -> None:
    async def body() -> None:
        _pid, ref = process.spawn_monitor(lambda: None)
        down = await receive(timeout=5)
        assert (down.ref, down.reason) == (ref, "normal")

    run(body)


def test_hibernate_drops_the_stack_and_goes_on_elsewhere_with_the_next_message() -> None:
    dropped: list[str] = []

    async def awake(parent: Any) -> None:
        send(parent, ("awake", await receive(timeout=0)))

    async def sleepy(parent: Any) -> None:
        try:
            process.hibernate(awake, parent)
        finally:
            dropped.append("stack")

    async def body() -> None:
        pid = process.spawn(sleepy, self_())
        await until(lambda: status(pid) == "hibernating")
        assert dropped == ["stack"]
        send(pid, "hello")
        assert await receive(timeout=5) == ("awake", "hello")
        await until(lambda: not process.is_alive(pid))

    run(body)


def test_only_what_spawn_made_hibernates_so() -> None:
    async def body() -> None:
        _pid, ref = process.spawn_monitor(process.hibernate, "no function")
        assert await receive(timeout=5) == Down(ref, _pid, Crash("TypeError", "'no function' cannot be called"))

    run(body)
    with pytest.raises(NotAProcess):
        process.hibernate(print)
