"""test_links — a node alone answers for every foreign process with noconnection."""

from __future__ import annotations

from otp.erts import links, process
from otp.erts.exits import NOCONNECTION
from otp.erts.links import Net
from otp.erts.pid import Pid, Ref, intern
from otp.erts.process import receive, self_
from otp.erts.signals import Down, Exit
from tests.support.node import run


def test_without_a_carrier_foreign_processes_are_out_of_reach() -> None:
    async def body() -> None:
        process.trap_exit()
        far = intern("w9", 1, 5)
        ref = process.monitor(far)
        assert await receive(timeout=5) == Down(ref, far, NOCONNECTION)
        process.link(far)
        assert await receive(timeout=5) == Exit(far, NOCONNECTION)
        process.send(far, "lost")

    run(body)


def test_the_carrier_is_given_what_goes_abroad() -> None:
    class Recorder(links.NoCarrier):
        def __init__(self) -> None:
            self.seen: list[tuple[object, ...]] = []

        def send(self, to: Pid, message: object) -> None:
            self.seen.append(("send", to, message))

        def monitor(self, ref: Ref, watcher: Pid, target: Pid) -> None:
            self.seen.append(("monitor", watcher, target))

        def demonitor(self, ref: Ref, target: Pid) -> None:
            self.seen.append(("demonitor", target))

        def exit_(self, from_: Pid | None, to: Pid, reason: object, linked: bool) -> None:
            self.seen.append(("exit", from_, to, reason, linked))

    async def body() -> None:
        recorder, far = Recorder(), intern("w9", 1, 6)
        Net.carrier = recorder
        process.send(far, "hi")
        process.demonitor(process.monitor(far))
        process.exit_(far, "bye")
        assert recorder.seen == [
            ("send", far, "hi"),
            ("monitor", self_(), far),
            ("demonitor", far),
            ("exit", self_(), far, "bye", False),
        ]

    run(body)


def test_a_call_that_waits_abroad_hears_of_the_end_instead_of_its_mailbox() -> None:
    async def body() -> None:
        ref = process.make_ref()
        heard: list[object] = []
        links.ALIASES[ref.serial] = (None, heard.append)  # type: ignore[assignment]
        links.signal_down(ref, self_(), intern("w9", 1, 7), NOCONNECTION)
        assert heard == [NOCONNECTION]
        assert process.process_info(self_()).message_queue_len == 0  # type: ignore[union-attr]

    run(body)
