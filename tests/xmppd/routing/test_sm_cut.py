"""Nodes that are out of reach and may come back. How the session table takes it: test_sm_server."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from otp.erts import process
from tests.support import node
from xmppd.routing import sm_cut


def test_a_process_that_has_ended_does_not_run_even_if_nobody_has_waited_for_it() -> None:
    assert sm_cut.is_running(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert sm_cut.is_running(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not sm_cut.is_running(child.pid)
    child.wait()
    assert not sm_cut.is_running(child.pid)
    assert child.stdin is not None
    child.stdin.close()


def test_a_node_is_awaited_while_it_runs_and_the_grace_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        assert not sm_cut.is_awaited("w1")
        sm_cut.begin("w1", 1, os.getpid())
        assert sm_cut.is_awaited("w1")
        assert await process.receive(timeout=5) == sm_cut.Look("w1")
        sm_cut.begin("w1", 1, 0)
        assert not sm_cut.is_awaited("w1")
        monkeypatch.setattr(sm_cut, "GRACE", 0.0)
        sm_cut.begin("w1", 1, os.getpid())
        assert not sm_cut.is_awaited("w1")
        process.send_after(0.01, process.spawn(give_up), "now")
        await sm_cut.over("w1")
        assert not sm_cut.CUT

    async def give_up() -> None:
        await process.receive()
        del sm_cut.CUT["w1"]

    try:
        node.run(body)
    finally:
        sm_cut.CUT.clear()
