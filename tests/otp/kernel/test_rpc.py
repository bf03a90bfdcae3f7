"""Remote calls: values, typed errors, and nothing that was not exported (after erpc_SUITE)."""

from __future__ import annotations

import pytest

from otp.erts import process, runtime
from otp.kernel import net_kernel, rpc
from tests.support import mesh, remote_node
from tests.support.mesh import Mesh, call

FAR = remote_node.__name__


def test_call() -> None:
    async def body(_mesh: Mesh) -> None:
        assert await call("w1", "add", 20, 22) == 42
        assert await call("main", "add", 1, 1) == 2

    mesh.run(body, "w1")


def test_what_it_raised_comes_back_with_its_traceback() -> None:
    async def body(_mesh: Mesh) -> None:
        with pytest.raises(rpc.RemoteError) as error:
            await call("w1", "fail", "no such luck")
        assert (error.value.crash.kind, error.value.crash.text) == ("ValueError", "no such luck")
        assert "remote_node.py" in error.value.crash.traceback

    mesh.run(body, "w1")


def test_errors_are_typed_and_leave_the_server_alone() -> None:
    async def body(_mesh: Mesh) -> None:
        for fn in ("os:getpid", "builtins:eval", f"{FAR}:main", "nonsense"):
            with pytest.raises(rpc.NotExported):
                await rpc.call("w1", fn)
        with pytest.raises(rpc.RpcTimeout):
            await rpc.call("w1", f"{FAR}:never", timeout=0.05)
        with pytest.raises(rpc.RpcError) as ended:
            await call("w1", "end_with", ("odd", 3))
        assert ended.value.why == ("odd", 3)
        with pytest.raises(rpc.RemoteError) as unencodable:
            await call("w1", "answer_an_object")
        assert unencodable.value.crash.kind == "CodecError"
        with pytest.raises(rpc.RpcError) as nowhere:
            await rpc.call("w7", f"{FAR}:add", 1, 2)
        assert nowhere.value.why == "noconnection"
        assert await call("w1", "add", 1, 2) == 3

    mesh.run(body, "w1")


def test_a_slow_call_holds_up_no_other() -> None:
    async def body(_mesh: Mesh) -> None:
        process.spawn(rpc.call, "w1", f"{FAR}:never")
        assert await call("w1", "add", 1, 2) == 3

    mesh.run(body, "w1")


def test_cast_and_multicall() -> None:
    async def body(_mesh: Mesh) -> None:
        rpc.cast("w1", f"{FAR}:link_to", process.self_())
        results = await rpc.multicall(["w1", "w9"], f"{FAR}:add", 2, 2)
        assert results["w1"] == 4
        assert results["w9"].why == "noconnection"

    mesh.run(body, "w1")


def test_a_node_alone_calls_itself() -> None:
    async def body() -> None:
        await rpc.start_link()
        assert await rpc.call("alone", f"{FAR}:add", 3, 4) == 7
        with pytest.raises(rpc.RpcError) as error:
            await rpc.call("other", f"{FAR}:add", 1, 1)
        assert error.value.why == "noconnection"

    assert net_kernel.disconnect("nobody") is False
    runtime.run(body, node="alone")


def test_a_name_is_exported_once() -> None:
    def add(a: int) -> int:
        return a

    add.__module__, add.__qualname__ = FAR, "add"
    with pytest.raises(ValueError, match="exported twice"):
        rpc.exported(add)
