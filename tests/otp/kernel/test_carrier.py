"""What the carrier answers by itself: nodes out of reach, earlier lives, links that come and go."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.pid import intern
from otp.erts.signals import Down, Exit
from otp.kernel.carrier import Mesh
from otp.kernel.dist_entry import DEMONITOR, EXIT, LINK, MONITOR, SEND, SEND_NAME, UNLINK
from otp.kernel.handshake import Handshake, HandshakeError, Hello
from otp.kernel.node import BOOK


class FakeLink:
    """A link that keeps what is posted."""

    def __init__(self, name: str, creation: int) -> None:
        self.peer = Hello(name, creation, b"")
        self.handshake = Handshake(self.peer, b"")
        self.established, self.frames, self.mesh = True, [], None
        self.posted = self.sent = self.taken = self.untold = 0
        self.heard = False

    def post(self, packed: Any) -> None:
        self.frames.append(packed)
        self.posted += 100

    def told(self) -> int:
        self.untold = 0
        return self.taken

    def drop(self, why: str) -> None:
        self.mesh.link_down(self, why)


def _run(body: Any) -> None:
    async def main() -> None:
        BOOK.clear()
        lost: list[str] = []
        mesh = Mesh(lost.append, lambda link, why: lost.append(why))
        runtime.set_carrier(mesh)
        process.trap_exit(True)
        await body(mesh, lost)

    runtime.run(main, node="main")


def _up(mesh: Mesh, name: str, creation: int) -> FakeLink:
    link = FakeLink(name, creation)
    link.mesh = mesh
    mesh.link_up(link)
    return link


async def _next() -> Any:
    return await process.receive(timeout=5)


def test_a_node_out_of_reach() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        far = intern("w1", 1, 5)
        process.send(far, "lost")
        ref = process.monitor(far)
        assert await _next() == Down(ref, far, "noconnection")
        process.link(far)
        assert await _next() == Exit(far, "noconnection")
        process.exit_(far, "boom")
        process.unlink(far)

    _run(body)


def test_an_earlier_life_is_noproc() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        link = _up(mesh, "w1", 2)
        for old in (intern("w1", 1, 5), intern("main", 0, 5)):
            process.send(old, "lost")
            ref = process.monitor(old)
            assert await _next() == Down(ref, old, "noproc")
            process.link(old)
            assert await _next() == Exit(old, "noproc")
        assert link.frames == []

    _run(body)


def test_signals_become_frames() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        link, far, me = _up(mesh, "w1", 1), intern("w1", 1, 5), process.self_().serial
        process.send(far, "hi")
        process.send(("pg", "w1"), "hi")
        process.link(far)
        process.unlink(far)
        ref = process.monitor(far)
        process.demonitor(ref)
        process.exit_(far, object())
        assert link.frames[:6] == [
            (SEND, 5, "hi"),
            (SEND_NAME, "pg", "hi"),
            (LINK, me, 5),
            (UNLINK, me, 5),
            (MONITOR, ref.serial, me, 5),
            (DEMONITOR, ref.serial),
        ]
        assert link.frames[6][:4] == (EXIT, me, 5, False)
        assert "unencodable" in str(link.frames[6][4])

    _run(body)


def test_a_link_that_goes_down_breaks_all_ties_once() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        link, far = _up(mesh, "w1", 1), intern("w1", 1, 5)
        ref = process.monitor(far)
        process.link(far)
        link.drop("gone")
        assert {repr(await _next()), repr(await _next())} == {
            repr(Down(ref, far, "noconnection")),
            repr(Exit(far, "noconnection")),
        }
        assert (lost, BOOK.connected) == (["w1"], {})
        link.drop("again")
        assert lost == ["w1", "again"]

    _run(body)


def test_a_newer_life_takes_over_a_stale_one_is_refused() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        _up(mesh, "w1", 1)
        newer = _up(mesh, "w1", 2)
        assert lost == ["w1"]
        assert mesh.entries["w1"].link is newer
        with pytest.raises(HandshakeError, match="stale"):
            _up(mesh, "w1", 1)
        assert BOOK.connected == {"w1": 2}

    _run(body)


def test_a_name_is_monitored() -> None:
    async def body(mesh: Mesh, lost: list[str]) -> None:
        ref = process.monitor(("pg", "w1"))
        assert await _next() == Down(ref, ("pg", "w1"), "noconnection")
        link = _up(mesh, "w1", 1)
        ref = process.monitor(("pg", "w1"))
        assert process.demonitor(ref)
        assert not process.demonitor(ref)
        assert [frame[0] for frame in link.frames] == [MONITOR, DEMONITOR]

    _run(body)
