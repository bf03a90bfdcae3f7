"""rpc — calls of functions on other nodes, by the cases of erpc_SUITE and rpc_SUITE."""

from __future__ import annotations

import math
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.process import receive, self_, send
from otp.kernel import rpc
from otp.kernel.codec import CodecError
from otp.kernel.rpc import NotExported, RemoteError, RpcError, RpcTimeout
from tests.support import mesh, remote_node
from tests.support.mesh import Mesh

FAR = remote_node.__name__


async def silent(seconds: float = 0.02) -> bool:
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=seconds)
    return True


def test_erpc__call() -> None:
    """A value, an error, an exit, a function that is not there, a time-out, a node that is not; here and there."""

    async def body(_mesh: Mesh) -> None:
        for node in ("w1", "main"):
            assert await rpc.call(node, f"{FAR}:add", 1, 2) == 3
            with pytest.raises(RemoteError) as error:
                await rpc.call(node, f"{FAR}:fail", "no")
            assert (error.value.crash.kind, error.value.crash.text) == ("ValueError", "no")
            assert "in fail" in error.value.crash.traceback
            with pytest.raises(RpcError) as ended:
                await rpc.call(node, f"{FAR}:end_with", ("odd", 1))
            assert ended.value.why == ("odd", 1)
            with pytest.raises(NotExported):
                await rpc.call(node, "os:getpid")
            with pytest.raises(RpcTimeout):
                await rpc.call(node, f"{FAR}:never", timeout=0.01)
        with pytest.raises(RpcError) as nowhere:
            await rpc.call("w9", f"{FAR}:add", 1, 2)
        assert nowhere.value.why == "noconnection"
        with pytest.raises(CodecError):
            await rpc.call("w1", f"{FAR}:add", object(), 2)
        assert await silent()

    mesh.run(body, "w1")


def test_erpc__cast() -> None:
    """The function runs over there; what becomes of it is nobody's concern here, nor a node that is not there."""

    async def body(_mesh: Mesh) -> None:
        for node in ("w1", "main"):
            rpc.cast(node, f"{FAR}:send_to", self_(), "cast")
            assert await receive(timeout=5) == "cast"
            rpc.cast(node, f"{FAR}:fail", "unheard")
            rpc.cast(node, "os:getpid")
        rpc.cast("w9", f"{FAR}:send_to", self_(), "lost")
        rpc.multicast(["w1", "w9", "main"], f"{FAR}:send_to", self_(), "many")
        assert [await receive(timeout=5) for _ in range(2)] == ["many", "many"]
        assert await rpc.call("w1", f"{FAR}:add", 1, 1) == 2
        assert await silent()

    mesh.run(body, "w1")


def test_erpc__send_request() -> None:
    async def body(_mesh: Mesh) -> None:
        ok, bad = rpc.send_request("w1", f"{FAR}:add", 1, 2), rpc.send_request("w1", f"{FAR}:fail", "no")
        slow = rpc.send_request("w1", f"{FAR}:never")
        assert await rpc.receive_response(ok, 5) == 3
        with pytest.raises(RemoteError):
            await rpc.receive_response(bad, 5)
        assert await rpc.wait_response(slow) is None
        assert await rpc.wait_response(slow, 0.01) is None
        with pytest.raises(RpcTimeout):
            await rpc.receive_response(slow, 0.01)

        again = rpc.send_request("w1", f"{FAR}:add", 3, 4)
        send(self_(), "noise")
        message: Any = None
        checked = None
        while checked is None:
            message = await receive(timeout=5)
            checked = rpc.check_response(message, again)
        assert checked == (7,)
        assert rpc.check_response(message, ok) is None
        waited = rpc.send_request("w1", f"{FAR}:add", 5, 6)
        assert await rpc.wait_response(waited, 5) == (11,)
        gone = rpc.send_request("w9", f"{FAR}:add", 5, 6)
        with pytest.raises(RpcError, match="noconnection"):
            await rpc.receive_response(gone, 5)
        unable = rpc.send_request("w1", f"{FAR}:add", object(), 6)
        with pytest.raises(RpcError, match="may not cross"):
            await rpc.receive_response(unable, 5)
        assert await silent()

    mesh.run(body, "w1")


def test_erpc__multicall() -> None:
    """All at once: the slowest sets the time; each node's own success or failure stands by its name."""

    async def body(nodes: Mesh) -> None:
        names = ["w1", "w2", "main", "w9"]
        results = await rpc.multicall(names, f"{FAR}:add", 1, 2)
        assert list(results) == names
        assert [results[n] for n in names[:3]] == [3, 3, 3]
        assert results["w9"].why == "noconnection"
        failed = await rpc.multicall(["w1", "main"], f"{FAR}:fail", "no")
        assert all(isinstance(r, RemoteError) for r in failed.values())
        before = process.monotonic_time()
        late = await rpc.multicall(["w1", "w2", "main"], f"{FAR}:never", timeout=0.05)
        assert all(isinstance(r, RpcTimeout) for r in late.values())
        assert process.monotonic_time() - before < 5  # not one after the other
        request = rpc.send_request("w2", f"{FAR}:never")
        nodes.kill("w2")
        with pytest.raises(RpcError, match="noconnection"):
            await rpc.receive_response(request, 5)
        after = await rpc.multicall(["w1", "w2"], f"{FAR}:add", 1, 1)
        assert after["w1"] == 2
        assert isinstance(after["w2"], RpcError)
        assert await silent()

    mesh.run(body, "w1", "w2")


def test_erpc__timeout_limit() -> None:
    """None and any finite time are waited for; what is no time is refused before anything is sent."""

    async def body(_mesh: Mesh) -> None:
        for good in (None, 2.0**32, 2.0**40):
            assert await rpc.call("w1", f"{FAR}:add", 1, 2, timeout=good) == 3
            assert await rpc.multicall(["w1"], f"{FAR}:add", 1, 2, timeout=good) == {"w1": 3}
        for wrong in (-1, math.inf, math.nan, True):
            with pytest.raises(ValueError, match="no time"):
                await rpc.call("w1", f"{FAR}:add", 1, 2, timeout=wrong)
            with pytest.raises(ValueError, match="no time"):
                await rpc.multicall(["w1"], f"{FAR}:add", 1, 2, timeout=wrong)
            with pytest.raises(ValueError, match="no time"):
                await rpc.receive_response(rpc.CallId(process.make_ref(), "w1", "x"), wrong)

    mesh.run(body, "w1")


def test_rpc__call() -> None:
    """Many calls at once, slow and quick: each gets its own answer, and a slow one holds up nobody."""

    async def body(_mesh: Mesh) -> None:
        me = self_()

        async def ask(n: int) -> None:
            send(me, (n, await rpc.call("w1", f"{FAR}:add", n, n)))

        slow = rpc.send_request("w1", f"{FAR}:never")
        for n in range(100):
            process.spawn(ask, n)
        got = dict([await receive(lambda m: isinstance(m, tuple), timeout=10) for _ in range(100)])
        assert got == {n: 2 * n for n in range(100)}
        assert await rpc.wait_response(slow) is None

    mesh.run(body, "w1")


def test_rpc__called_dies() -> None:
    """The called function's process is killed, or ends, in whatever way: the caller hears the reason."""

    async def body(_mesh: Mesh) -> None:
        for node in ("w1", "main"):
            for reason in ("killed", ("shutdown", 1), "boom"):
                with pytest.raises(RpcError) as error:
                    await rpc.call(node, f"{FAR}:end_with", reason)
                assert error.value.why == reason
            with pytest.raises(RpcError) as killed:
                await rpc.call(node, f"{FAR}:kill_myself")
            assert killed.value.why == "killed"
            assert await rpc.call(node, f"{FAR}:add", 1, 2) == 3

    mesh.run(body, "w1")


def test_rpc__called_throws() -> None:
    """An exception comes back as one, with the other node's traceback; the caller lives, its mailbox is clean."""

    async def body(_mesh: Mesh) -> None:
        for node in ("w1", "main"):
            with pytest.raises(RemoteError) as error:
                await rpc.call(node, f"{FAR}:fail", "thrown")
            assert error.value.crash.text == "thrown"
        with pytest.raises(RpcError):  # a value that may not cross is a failure, too
            await rpc.call("w1", f"{FAR}:answer_an_object")
        assert await silent()

    mesh.run(body, "w1")


def test_rpc__multicall_timeout() -> None:
    """A node that does not answer in time spoils nothing for the others."""

    async def body(_mesh: Mesh) -> None:
        await rpc.call("w1", f"{FAR}:be_slow")
        results = await rpc.multicall(["w1", "w2"], f"{FAR}:slow_or_not", timeout=0.3)
        assert isinstance(results["w1"], RpcTimeout)
        assert results["w2"] == "quick"
        assert await silent()

    mesh.run(body, "w1", "w2")
