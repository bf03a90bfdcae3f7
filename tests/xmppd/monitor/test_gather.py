"""Metrics of several nodes, one of which may stand still."""

from __future__ import annotations

import os
import signal
import time

from otp.kernel import application
from tests.support import mesh
from tests.support.mesh import Mesh
from xmppd.monitor import gather


def test_a_node_that_stands_still_is_down_and_holds_up_nobody() -> None:
    async def body(nodes: Mesh) -> None:
        found = await gather.gather(["main", "b", "c", "d"])
        assert {name for name, told in found.items() if told is None} == {"d"}
        assert {"otp_processes", "process_resident_memory_bytes"} <= {sample[0] for sample in found["b"] or ()}
        frozen = await mesh.call("c", "os_pid")
        os.kill(frozen, signal.SIGSTOP)
        try:
            began = time.monotonic()
            found = await gather.gather(["main", "b", "c"])
            assert time.monotonic() - began < gather.PATIENCE * 10
            assert {name for name, told in found.items() if told is None} == {"c"}
        finally:
            os.kill(frozen, signal.SIGCONT)

    mesh.run(body, "b", "c")


def test_all_nodes_of_the_server_are_expected() -> None:
    application.set_env("kernel", "nodes", ("main", "w1", "w2"))
    try:
        assert {"main", "w1", "w2"} <= set(gather.expected())
    finally:
        application.forget_env("kernel")
