"""Frames become signals; what is no frame of ours is told, and nothing of it happens."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.pid import abroad
from otp.erts.signals import Exit
from otp.kernel import inbound
from otp.kernel.codec import MalformedFrame, pack
from otp.kernel.dist_entry import DEMONITOR, DOWN, EXIT, LINK, MONITOR, SEND, SEND_NAME, UNLINK, DistEntry


class FakeLink:
    def __init__(self) -> None:
        self.posted: list[Any] = []

    def post(self, packed: Any) -> None:
        self.posted.append(packed)


def _run(body: Any) -> None:
    async def main() -> None:
        process.trap_exit(True)
        await body(DistEntry("w1", 1, FakeLink()))

    runtime.run(main, node="main")


def test_messages_reach_pids_and_names() -> None:
    async def body(entry: DistEntry) -> None:
        me = process.self_()
        process.register("me", me)
        inbound.receive(entry, [SEND, abroad(me), "one"])
        inbound.receive(entry, [SEND_NAME, "me", "two"])
        inbound.receive(entry, [SEND_NAME, "nobody", ["a class that is not loaded", 1]])  # dropped unread
        inbound.receive(entry, [SEND, 999_999, "lost"])
        assert [await process.receive(), await process.receive()] == ["one", "two"]

    _run(body)


def test_links_and_exits() -> None:
    async def body(entry: DistEntry) -> None:
        me, theirs = process.self_(), entry.pid(7)
        inbound.receive(entry, [LINK, 7, abroad(me)])
        assert entry.linked == {(me, theirs)}
        assert theirs in process.process_info(me).links
        inbound.receive(entry, [UNLINK, 7, abroad(me)])
        inbound.receive(entry, [EXIT, 7, abroad(me), True, "late"])
        inbound.receive(entry, [LINK, 7, abroad(me)])
        inbound.receive(entry, [EXIT, 7, abroad(me), True, "boom"])
        assert await process.receive() == Exit(theirs, "boom")
        inbound.receive(entry, [EXIT, None, abroad(me), False, "from nobody"])
        assert await process.receive() == Exit(None, "from nobody")
        inbound.receive(entry, [LINK, 7, 999_999])
        assert entry.link.posted == [(EXIT, 999_999, 7, True, "noproc")]
        assert entry.linked == set()

    _run(body)


def test_monitors() -> None:
    async def body(entry: DistEntry) -> None:
        me = process.self_()
        before = process.process_info(me).monitored_by
        inbound.receive(entry, [MONITOR, 50, 7, abroad(me)])
        assert process.process_info(me).monitored_by == before + 1
        inbound.receive(entry, [DEMONITOR, 50])
        inbound.receive(entry, [DEMONITOR, 50])
        assert process.process_info(me).monitored_by == before
        inbound.receive(entry, [MONITOR, 51, 7, 999_999])
        inbound.receive(entry, [MONITOR, 52, 7, "nobody"])
        assert entry.link.posted == [(DOWN, 51, "noproc"), (DOWN, 52, "noproc")]
        inbound.receive(entry, [DOWN, 12345, "nobody asked"])

    _run(body)


@pytest.mark.parametrize(
    "frame",
    [None, 5, "x", [], {}, [99], [SEND], [SEND, "serial", "m"], [LINK, 1], [EXIT, 1, 2, "yes", "r"], [SEND, 1, {}]],
)
def test_what_is_no_signal_is_malformed(frame: Any) -> None:
    async def body(entry: DistEntry) -> None:
        with pytest.raises(MalformedFrame):
            inbound.receive(entry, frame)

    _run(body)


def test_an_unknown_class_costs_its_message_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def body(entry: DistEntry) -> None:
        me = process.self_()
        with caplog.at_level(logging.ERROR):
            inbound.receive(entry, [SEND, abroad(me), ["no.such.Class", 1]])
        inbound.receive(entry, [SEND, abroad(me), list(pack((1, "next")))])
        assert await process.receive() == (1, "next")
        assert "no.such.Class" in caplog.text

    _run(body)
