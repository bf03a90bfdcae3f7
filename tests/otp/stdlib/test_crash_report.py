"""test_crash_report — who ended, at what, among whom."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import is_alive, receive, self_, send
from otp.stdlib import crash_report, gen_server, proc_lib
from tests.support.node import run, until
from tests.support.scripted_server import Server


def test_ancestors_are_told_nearest_first() -> None:
    async def body() -> None:
        me = self_()

        async def child() -> None:
            send(me, self_())
            await receive()

        async def parent() -> None:
            proc_lib.spawn(child)
            await receive()

        one = proc_lib.spawn(parent)
        two = await receive(timeout=5)
        assert crash_report.ancestors(two.target) == [one, me]

    run(body)


def test_neighbours_are_those_that_will_die_of_it() -> None:
    async def body() -> None:
        async def live() -> None:
            await receive()

        dies = process.spawn_link(live, name="dies")
        process.spawn_link(live, trap=True)
        assert [near["pid"] for near in crash_report.neighbours(self_().target)] == [dies]

    run(body)


def test_the_mailbox_is_shown_but_not_all_of_it() -> None:
    async def body() -> None:
        pid = process.spawn(receive)
        for n in range(20):
            send(pid, n)
        report = crash_report.crash_report(pid.target, "why")
        assert (report["message_queue_len"], report["messages"]) == (20, list(range(10)))

    run(body)


def test_a_report_is_put_into_words_only_if_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    class Unspeakable:
        def __repr__(self) -> str:
            raise AssertionError("asked for its words")

    async def body() -> None:
        pid: Any = await gen_server.start(Server, Unspeakable())
        gen_server.cast(pid, ("stop", "odd"))
        await until(lambda: not is_alive(pid))

    caplog.set_level(logging.CRITICAL, "otp.proc_lib")
    run(body)


def test_a_huge_state_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid: Any = await gen_server.start(Server, "x" * 100_000)
        gen_server.cast(pid, ("stop", "odd"))
        await until(lambda: not is_alive(pid))

    run(body)
    assert len(caplog.records[0].getMessage()) < 1500
