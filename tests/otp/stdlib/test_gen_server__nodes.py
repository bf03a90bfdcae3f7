"""Servers of other nodes by (name, node): all that takes a destination, multi_call and abcast."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.signals import Down
from otp.kernel.codec import CodecError
from otp.stdlib import gen_event, gen_server, gen_statem, introspect, timer
from otp.stdlib.requests import Replied, RequestError, receive_response
from tests.support import mesh
from tests.support.mesh import Mesh, call, receive
from tests.support.node import run
from tests.support.remote_node import Echo, Echoed, Keep

ECHO = ("echo", "w1")
HOURS = 3600.0


def test_a_name_and_a_node_are_a_destination_everywhere() -> None:
    async def body(nodes: Mesh) -> None:
        await call("w1", "start_named")
        await _of_processes()
        await _of_servers()
        await _of_the_others()
        ref = process.monitor(ECHO)
        await nodes.kill_and_see("w1")
        assert await receive(lambda m: isinstance(m, Down)) == Down(ref, ECHO, "noconnection")
        await _nobody_there("noconnection")

    mesh.run(body, "w1")


async def _of_processes() -> None:
    me = process.self_()
    process.send(ECHO, (me, 1))
    timer.send_after(0.001, ECHO, (me, 2))
    assert [(await receive(lambda m: isinstance(m, Echoed))).what for _ in range(2)] == [1, 2]
    process.send(("nobody", "w1"), "lost")
    process.send(("nobody", "main"), "lost")
    assert process.demonitor(process.monitor(ECHO))
    ref = process.monitor(("nobody", "w1"))
    assert await receive(lambda m: isinstance(m, Down)) == Down(ref, ("nobody", "w1"), "noproc")


async def _of_servers() -> None:
    assert (await gen_server.call(ECHO, "hello")).what == "hello"
    before = await gen_server.call(ECHO, "count")
    assert await introspect.get_state(ECHO) == before
    with pytest.raises(CallError) as silent:
        await gen_server.call(ECHO, "silence", 0.01)
    assert silent.value.why == "timeout"
    outcome = await receive_response(gen_server.send_request(ECHO, "count"), 10)
    assert outcome == Replied(before)
    with pytest.raises(CodecError):
        await gen_server.call(ECHO, object())
    await _nobody_there("noproc", ("nobody", "w1"))


async def _of_the_others() -> None:
    lamp, events = ("lamp", "w1"), ("events", "w1")
    gen_statem.cast(lamp, "switch")
    assert await gen_statem.call(lamp, "how?") == ("on", 1)
    await gen_event.add_handler(events, Keep)
    await gen_event.add_handler(events, (Keep, 2))
    gen_event.notify(events, "one")
    await gen_event.sync_notify(events, "two")
    assert await gen_event.call(events, Keep, "all") == ["one", "two"]
    assert await gen_event.which_handlers(events) == [(Keep, 2), Keep]
    await gen_event.delete_handler(events, Keep)
    with pytest.raises(gen_event.HandlerError, match="bad_module"):
        await gen_event.call(events, Keep, "all")
    await gen_statem.stop(lamp)
    with pytest.raises(CallError):
        await gen_statem.call(lamp, "how?")


async def _nobody_there(why: str, dest: tuple[str, str] = ECHO) -> None:
    with pytest.raises(CallError) as failed:
        await gen_server.call(dest, "hello")
    assert failed.value.why == why
    gen_server.cast(dest, "hello")
    outcome = await receive_response(gen_server.send_request(dest, "hello"), 10)
    assert outcome == RequestError(why, dest)


def test_on_this_node_it_is_the_local_name() -> None:
    async def body() -> None:
        pid, dest = await gen_server.start(Echo, name="echo"), ("echo", process.node())
        assert (await gen_server.call(dest, "hello")).by is pid
        ref = process.monitor(dest)
        process.send(dest, "x")
        gen_server.cast(dest, "undefined")
        down = await process.receive(timeout=30)
        assert (down.ref, down.pid) == (ref, dest)
        with pytest.raises(CallError, match="noproc"):
            await gen_server.call(dest, "hello")
        process.send(dest, "never fails")

    run(body)


def test_multi_call_and_abcast() -> None:
    async def body(nodes: Mesh) -> None:
        for name in ("w1", "w2"):
            await call(name, "start_named")
        echo = await gen_server.start(Echo, name="echo")
        replies, bad = await gen_server.multi_call(["w1", "w9", "main"], "echo", "hello", 30)
        assert [(node, answer.what, answer.by.node) for node, answer in replies] == [
            ("w1", "hello", "w1"),
            ("main", "hello", "main"),
        ]
        assert bad == ["w9"]  # not connected: at once
        gen_server.abcast(["w9"], "echo", "lost")
        replies, bad = await gen_server.multi_call(None, "echo", "count", HOURS)
        assert (replies, bad) == ([("main", 1), ("w1", 1), ("w2", 0)], [])
        assert await gen_server.multi_call(None, "nobody", "x") == ([], ["main", "w1", "w2"])
        assert await gen_server.multi_call(["w2", "w1"], "echo", "silence", 0.05) == ([], ["w2", "w1"])
        assert await gen_server.multi_call(["w2"], "echo", ("stop", "odd")) == ([], ["w2"])
        with pytest.raises(CodecError):
            await gen_server.multi_call(["main", "w1"], "echo", object())
        ref = process.monitor(echo)
        gen_server.abcast(None, "echo", "no such cast")  # ends them
        assert (await receive(lambda m: isinstance(m, Down))).ref is ref
        assert (await gen_server.multi_call(None, "echo", "count", HOURS))[1] == ["main", "w1", "w2"]
        nodes.kill("w2")
        _replies, bad = await gen_server.multi_call(["w2"], "net_kernel", "identity", HOURS)
        assert bad == ["w2"]  # its monitor tells, not the time
        assert await process.flush() == []

    mesh.run(body, "w1", "w2")
