"""Nodes that are out of reach and may come back. How the session table takes it: test_sm_server."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from otp.erts import process
from tests.support import node
from xmppd.routing.sm import suspected_nodes


def test_a_process_that_has_ended_does_not_run_even_if_nobody_has_waited_for_it() -> None:
    assert suspected_nodes.is_running(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert suspected_nodes.is_running(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not suspected_nodes.is_running(child.pid)
    child.wait()
    assert not suspected_nodes.is_running(child.pid)
    assert child.stdin is not None
    child.stdin.close()


def test_a_node_is_awaited_while_it_runs_and_the_grace_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        assert not suspected_nodes.is_awaited("w1")
        suspected_nodes.suspect("w1", 1, os.getpid())
        assert suspected_nodes.is_awaited("w1")
        assert await process.receive(timeout=5) == suspected_nodes.Recheck("w1")
        suspected_nodes.suspect("w1", 1, 0)
        assert not suspected_nodes.is_awaited("w1")
        monkeypatch.setattr(suspected_nodes, "GRACE", 0.0)
        suspected_nodes.suspect("w1", 1, os.getpid())
        assert not suspected_nodes.is_awaited("w1")
        process.send_after(0.01, process.spawn(give_up), "now")
        await suspected_nodes.wait_until_decided("w1")
        assert not suspected_nodes.SUSPECTED

    async def give_up() -> None:
        await process.receive()
        del suspected_nodes.SUSPECTED["w1"]

    try:
        node.run(body)
    finally:
        suspected_nodes.SUSPECTED.clear()
