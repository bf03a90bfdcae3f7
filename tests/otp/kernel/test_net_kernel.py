"""Several OS processes as one: far pids behave as near ones, and a node that dies breaks every tie at once."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from otp.erts import process, runtime
from otp.erts.exits import CallError, StartError
from otp.erts.pid import intern
from otp.erts.scheduler import RUNS_PER_TURN
from otp.erts.signals import Down, Exit
from otp.kernel import net_kernel, node, unix_socket
from otp.kernel.carrier import Mesh as Carrier
from otp.kernel.codec import CodecError
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import gen_server
from tests.support import mesh
from tests.support.mesh import Mesh, call, receive
from tests.support.remote_node import Echoed


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_send_and_answer(loop: str) -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        process.send(echo, (process.self_(), {"a": [1, ("b",)]}))
        assert await receive(lambda m: True) == Echoed(echo, {"a": [1, ("b",)]})

    mesh.run(body, "w1", loop=loop)


def test_order_is_kept() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        for n in range(2000):
            process.send(echo, (process.self_(), n))
        got = [(await receive(lambda m: True)).what for _ in range(2000)]
        assert got == list(range(2000))

    mesh.run(body, "w1")


def test_gen_server_call_works_as_at_home() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        assert await gen_server.call(echo, "hello") == Echoed(echo, "hello")
        with pytest.raises(CallError) as silence:
            await gen_server.call(echo, "silence", timeout=0.05)
        assert silence.value.why == "timeout"
        with pytest.raises(CallError) as end:
            await gen_server.call(echo, ("stop", ("odd", 1)))
        assert end.value.why == ("odd", 1)
        with pytest.raises(CallError) as dead:
            await gen_server.call(echo, "hello")
        assert dead.value.why == "noproc"

    mesh.run(body, "w1")


def test_cast_and_gen_server_stop() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        await gen_server.stop(echo)
        ref = process.monitor(echo)
        assert await receive(lambda m: True) == Down(ref, echo, "noproc")

    mesh.run(body, "w1")


def test_call_by_name_and_node() -> None:
    async def body(_mesh: Mesh) -> None:
        identity = await net_kernel.call_name("w1", "net_kernel", "identity")
        assert identity == ("w1", 1, ("main",))
        with pytest.raises(CallError) as nobody:
            await net_kernel.call_name("w1", "nobody", "x")
        assert nobody.value.why == "noproc"
        with pytest.raises(CallError) as nowhere:
            await net_kernel.call_name("w9", "pg", "x")
        assert nowhere.value.why == "noconnection"

    mesh.run(body, "w1")


def test_monitor_tells_the_reason_once() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        first, second = process.monitor(echo), process.monitor(echo)
        process.demonitor(second)
        process.exit_(echo, ("shutdown", "enough"))
        assert await receive(lambda m: True) == Down(first, echo, ("shutdown", "enough"))
        again = process.monitor(echo)
        assert await receive(lambda m: True) == Down(again, echo, "noproc")

    mesh.run(body, "w1")


def test_kill_over_the_mesh() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        ref = process.monitor(echo)
        process.exit_(echo, "kill")
        assert await receive(lambda m: True) == Down(ref, echo, "killed")

    mesh.run(body, "w1")


def test_a_link_breaks_here_when_it_ends_there() -> None:
    async def body(_mesh: Mesh) -> None:
        process.trap_exit(True)
        far = await call("w1", "link_to", process.self_(), ("boom", 7))
        assert await receive(lambda m: isinstance(m, Exit)) == Exit(far, ("boom", 7))

    mesh.run(body, "w1")


def test_a_link_breaks_there_when_it_ends_here() -> None:
    async def body(_mesh: Mesh) -> None:
        here = process.spawn(process.receive)
        far = await call("w1", "trapping_link_to", here, process.self_())
        await call("w1", "os_pid")
        process.exit_(here, "enough")
        assert await receive(lambda m: True) == ("passed", Exit(here, "enough"))
        assert far.node == "w1"

    mesh.run(body, "w1")


def test_link_to_a_dead_process_is_noproc() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        await gen_server.stop(echo)
        process.trap_exit(True)
        process.link(echo)
        assert await receive(lambda m: True) == Exit(echo, "noproc")

    mesh.run(body, "w1")


def test_unlink_over_the_mesh() -> None:
    async def body(_mesh: Mesh) -> None:
        process.trap_exit(True)
        echo = await call("w1", "start_echo")
        process.link(echo)
        process.unlink(echo)
        ref = process.monitor(echo)
        process.exit_(echo, "boom")
        assert await receive(lambda m: True) == Down(ref, echo, "boom")
        await call("w1", "os_pid")
        with pytest.raises(Exception, match="0"):
            await process.receive(timeout=0)

    mesh.run(body, "w1")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_killed_node_breaks_every_tie_and_may_come_back(loop: str) -> None:
    async def body(nodes: Mesh) -> None:
        process.trap_exit(True)
        echo, other = await call("w1", "start_echo"), await call("w2", "start_echo")
        assert node.monitor_nodes() == [("w1", 1), ("w2", 1)]
        ref = process.monitor(echo)
        process.link(echo)
        nodes.kill("w1")
        told = [await receive(lambda m: not isinstance(m, Echoed)) for _ in range(3)]
        assert Down(ref, echo, "noconnection") in told
        assert Exit(echo, "noconnection") in told
        assert told[-1] == NodeDown("w1", 1)
        assert node.nodes() == ["w2"]
        assert await gen_server.call(other, "still here?") == Echoed(other, "still here?")
        ref = process.monitor(echo)
        assert await receive(lambda m: True) == Down(ref, echo, "noconnection")

        nodes.start("w1", creation=2)
        assert await receive(lambda m: True) == NodeUp("w1", 2)
        await node.await_nodes({"w1", "w2"}, mesh.SECONDS)
        # the old pid names nobody in the new life, though its serial is used again
        ref = process.monitor(echo)
        assert await receive(lambda m: True) == Down(ref, echo, "noproc")
        process.send(intern("w1", 1, 1), "lost")
        await mesh._until_it_serves("w1")
        again = await call("w1", "start_echo")
        assert again.creation == 2
        assert await gen_server.call(again, "count") == 0

    mesh.run(body, "w1", "w2", loop=loop)


def test_a_call_in_flight_fails_when_the_node_dies() -> None:
    async def body(nodes: Mesh) -> None:
        echo = await call("w1", "start_echo")
        me = process.self_()

        async def caller() -> None:
            try:
                await gen_server.call(echo, "silence", timeout=None)
            except CallError as exc:
                process.send(me, exc.why)

        process.spawn(caller)
        await call("w1", "os_pid")
        nodes.kill("w1")
        assert await receive(lambda m: isinstance(m, str)) == "noconnection"

    mesh.run(body, "w1")


def test_a_wrong_cookie_is_refused() -> None:
    async def body(nodes: Mesh) -> None:
        await nodes.kill_and_see("w1")
        nodes.start("w1", creation=2, cookie="guessed")
        with pytest.raises(TimeoutError, match="w1"):
            await node.await_nodes({"w1"}, 0.8)
        assert node.nodes() == []

    mesh.run(body, "w1")


def test_a_stale_creation_is_refused() -> None:
    async def body(nodes: Mesh) -> None:
        await nodes.kill_and_see("w1")
        nodes.start("w1", creation=2)
        await node.await_nodes({"w1"}, mesh.SECONDS)
        await nodes.kill_and_see("w1")
        nodes.start("w1", creation=1)
        with pytest.raises(TimeoutError):
            await node.await_nodes({"w1"}, 0.8)

    mesh.run(body, "w1")


def test_a_broken_link_is_made_again() -> None:
    async def body(_mesh: Mesh) -> None:
        node.monitor_nodes()
        assert net_kernel.disconnect("w1")
        assert await receive(lambda m: True) == NodeDown("w1", 1)
        assert await receive(lambda m: True) == NodeUp("w1", 1)
        assert await call("w1", "add", 1, 2) == 3

    mesh.run(body, "w1")


def test_what_may_not_cross_is_an_error_of_the_sender_and_the_link_lives() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        with pytest.raises(CodecError, match="may not cross"):
            process.send(echo, object())
        assert await gen_server.call(echo, "still") == Echoed(echo, "still")

    mesh.run(body, "w1")


def test_a_long_run_directory(tmp_path: Path) -> None:
    async def body(_mesh: Mesh) -> None:
        assert await call("w1", "add", 2, 3) == 5

    mesh.run(body, "w1", run_dir=tmp_path / ("deep" * 30) / "run")


def test_large_messages_cross_and_drain_waits() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        text = "x" * 4_000_000
        for _ in range(4):
            process.send(echo, (process.self_(), text))
        await net_kernel.drain("w1")
        for _ in range(4):
            assert (await receive(lambda m: True)).what == text

    mesh.run(body, "w1")


def test_a_flood_both_ways_survives_the_death_of_its_node() -> None:
    async def body(nodes: Mesh) -> None:
        node.monitor_nodes()
        echoes = [await call(name, "start_echo") for name in ("w1", "w2")]
        for n in range(3000):
            for echo in echoes:
                process.send(echo, (process.self_(), n))
            if n == 1500:
                await process.sleep(0)
                nodes.kill("w1")
        await receive(lambda m: isinstance(m, NodeDown))
        got = []
        while len(got) < 3000:
            answer = await receive(lambda m: isinstance(m, Echoed))
            if answer.by is echoes[1]:
                got.append(answer.what)
        assert got == list(range(3000))

    mesh.run(body, "w1", "w2")


def test_a_node_that_is_not_part_of_the_mesh_does_not_start(tmp_path: Path) -> None:
    async def body() -> None:
        config = net_kernel.NetConfig(tmp_path, b"c", ("main",))
        with pytest.raises(StartError) as error:
            await gen_server.start(net_kernel.NetKernel, config)
        assert error.value.reason[0] == "not_in_mesh"

    runtime.run(body, node="stranger")


def test_a_second_node_of_the_same_name_does_not_start(tmp_path: Path) -> None:
    async def body() -> None:
        config = net_kernel.NetConfig(tmp_path, b"c", ("main",))
        first = await gen_server.start(net_kernel.NetKernel, config)
        with pytest.raises(StartError) as error:
            await gen_server.start(net_kernel.NetKernel, config)
        assert error.value.reason[0] == "cannot_listen"
        await gen_server.stop(first)
        assert list(tmp_path.iterdir()) == []

    runtime.run(body, node="main")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_peer_that_hangs_up_at_once_costs_nobody_a_descriptor(
    tmp_path: Path, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(path: Path) -> socket.socket:
        sock = dial(path)
        server.accept()[0].close()
        return sock

    async def body() -> None:
        carrier = Carrier(lambda _name: None, lambda _link, _why: None)
        state = net_kernel._State(net_kernel.NetConfig(tmp_path, b"c", ("main", "w1")), carrier, set())
        # so many that the loop sees the peer's end before the process that dials has its turn
        crowd = [process.spawn(_spin) for _ in range(4 * RUNS_PER_TURN)]
        held: list[int] = []
        for _ in range(50):
            await net_kernel._dial("main", state)
            held.append(os.open(os.devnull, os.O_RDONLY))
            await process.sleep(0.001)
            held.append(os.open(os.devnull, os.O_RDONLY))
        for spinning in crowd:
            process.exit_(spinning, "kill")
        assert len(set(held)) == len(held)  # none was closed behind its owner's back and given out again
        for fd in held:
            os.close(fd)

    dial = unix_socket.connect
    monkeypatch.setattr(unix_socket, "connect", connect)
    with unix_socket.listen(tmp_path / "main.sock") as server:
        runtime.run(body, node="w1", loop=loop)


async def _spin() -> None:
    while True:
        await asyncio.sleep(0)
