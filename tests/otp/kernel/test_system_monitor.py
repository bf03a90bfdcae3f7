"""It tells of long mailboxes, and of named processes that take nothing; each once."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process_info import process_info
from otp.kernel import system_monitor
from otp.kernel.system_monitor import LONG, STUCK, MonitorConfig
from tests.support import node


def test_a_long_mailbox_is_told_once_and_again_when_it_was_short(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        told: list[str] = []
        go = process.make_ref()

        async def reader() -> None:
            while True:
                await process.receive(lambda m: m is go)
                for _ in range(60):
                    await process.receive()

        pid = process.spawn(reader)
        await system_monitor.start_link(MonitorConfig(long=50, seconds=0.02, told=told.append))
        for times in (1, 2):
            for _ in range(60):
                process.send(pid, "more")
            await node.until(lambda times=times: told == [LONG] * times)
            await process.sleep(0.1)
            process.send(pid, go)
            await node.until(lambda: not process_info(pid, "message_queue_len"))
            await process.sleep(0.1)
        assert told == [LONG, LONG]

    with caplog.at_level(logging.WARNING, "otp.system_monitor"):
        node.run(body)
    assert "60 messages wait for" in caplog.text


def test_one_with_a_name_that_takes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        told: list[str] = []

        async def waits_for_ever() -> None:
            await process.receive(lambda m: False)

        named, nobody = process.spawn(waits_for_ever), process.spawn(waits_for_ever)
        process.register("clerk", named)
        await system_monitor.start_link(MonitorConfig(seconds=0.02, stuck=0.06, told=told.append))
        await process.sleep(0.15)
        assert told == []  # nothing waits for them
        for pid in (named, nobody):
            process.send(pid, "hello")
        await node.until(lambda: told)
        await process.sleep(0.15)
        assert told == [STUCK]

    with caplog.at_level(logging.WARNING, "otp.system_monitor"):
        node.run(body)
    assert "clerk" in caplog.text
    assert "takes no message, 1 wait" in caplog.text


def test_who_ends_is_forgotten_and_who_works_is_not_told_of() -> None:
    async def body() -> None:
        told: list[str] = []

        async def works() -> None:
            while True:
                process.send(process.self_(), await process.receive())
                await process.sleep(0.005)

        worker = process.spawn(works)
        process.register("busy", worker)
        process.send(worker, "again")
        config = MonitorConfig(long=5, seconds=0.02, stuck=0.06, told=told.append)
        monitor: Any = await system_monitor.start_link(config)
        await process.sleep(0.2)
        assert told == []
        process.exit_(worker, "kill")
        await node.until(lambda: not monitor.target.state.still)

    node.run(body)
