"""What is written down of a process that ends abnormally."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.stdlib import gen_server, proc_lib
from otp.stdlib.crash_report import SHOWN, WIDTH
from otp.stdlib.gen_server import GenServer, NoReply
from tests.support.node import run, until


class Frail(GenServer[dict[str, str]]):
    """Falls over at whatever it is asked."""

    def init(self) -> dict[str, str]:
        return {"user": "juliet", "password": "secret"}

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        raise ValueError(f"cannot {request}")

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)

    def format_status(self, state: Any) -> Any:
        return {**state, "password": "…"}


@pytest.fixture
def reports(caplog: pytest.LogCaptureFixture) -> Any:
    """The reports that were written, as (record, values)."""
    caplog.set_level(logging.ERROR, "otp.proc_lib")
    return lambda: [(record, vars(record)["report"]) for record in caplog.records if "report" in vars(record)]


async def fall(name: str | None = None, trap: bool = True) -> None:
    process.trap_exit(trap)
    pid = await gen_server.start_link(Frail, name=name)
    assert pid is not None
    with pytest.raises(CallError):
        await gen_server.call(pid, "dance")


def test_the_report_names_message_client_and_reason_without_the_secrets(reports: Any) -> None:
    run(lambda: fall("frail"))
    ((record, report),) = reports()
    assert report["label"] == ("gen_server", "terminate")
    assert report["name"] == "frail"
    assert "dance" in repr(report["last_message"])
    assert report["reason"].kind == "ValueError"
    assert report["client"] is not None
    assert report["state"] == {"user": "juliet", "password": "…"}
    assert "secret" not in record.getMessage()
    assert "cannot dance" in record.getMessage()
    assert vars(record)["registered"] == "frail"


def test_the_crash_report_in_it_tells_of_ancestors_and_links(reports: Any) -> None:
    async def body() -> Any:
        await fall()
        return process.self_()

    parent = run(body)
    ((_, report),) = reports()
    crash = report["crash"]
    assert crash["initial_call"].endswith("Frail")
    assert crash["ancestors"][0] is parent
    assert crash["links"] == [parent]
    assert crash["neighbours"] == [], "a neighbour that traps exits will live"


def test_neighbours_that_will_die_of_it_are_named(reports: Any) -> None:
    async def neighbour(frail: Any) -> None:
        process.link(frail)
        await process.receive()

    async def body() -> None:
        pid = await gen_server.start(Frail)
        assert pid is not None
        near = process.spawn(neighbour, pid, name="near")
        await until(lambda: pid in (process.process_info(near).links if process.is_alive(near) else ()))  # type: ignore[union-attr]
        with pytest.raises(CallError):
            await gen_server.call(pid, "dance")

    run(body)
    ((_, report),) = reports()
    assert [near["registered_name"] for near in report["crash"]["neighbours"]] == ["near"]


def test_mailbox_and_texts_are_cut(reports: Any) -> None:
    async def body() -> None:
        process.trap_exit(True)
        pid = await gen_server.start_link(Frail)
        assert pid is not None
        waiting = process.spawn_monitor(gen_server.call, pid, "x" * 10 * WIDTH)
        del waiting
        await process.give_way()
        for i in range(3 * SHOWN):
            process.send(pid, i)
        await until(lambda: not process.is_alive(pid))

    run(body)
    record, report = next(found for found in reports() if found[1]["label"] == ("gen_server", "terminate"))
    assert len(report["crash"]["messages"]) <= SHOWN
    longest = max(len(line) for line in record.getMessage().splitlines() if line.startswith("last message"))
    assert longest <= WIDTH + 20


def test_a_function_that_proc_lib_started_leaves_one_too(reports: Any) -> None:
    def fails() -> None:
        raise KeyError("row")

    async def body() -> None:
        pid = proc_lib.spawn(fails)
        await until(lambda: not process.is_alive(pid))

    run(body)
    ((record, report),) = reports()
    assert report["label"] == ("proc_lib", "crash")
    assert report["initial_call"].endswith("fails")
    assert "KeyError" in record.getMessage()


def test_an_orderly_end_leaves_none(reports: Any) -> None:
    async def body() -> None:
        pid = await gen_server.start(Frail)
        assert pid is not None
        await gen_server.stop(pid)

    run(body)
    assert reports() == []
