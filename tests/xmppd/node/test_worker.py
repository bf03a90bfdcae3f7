"""test_worker — what a worker boots with; that it serves is for the release's tests.

Way:  xmppd.node.worker
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from xmppd.config.load import load
from xmppd.node import in_force, worker
from xmppd.node.worker_start import WorkerStart


def test_settings_and_the_secret_leaves_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTP_COOKIE", "00ff")
    config = in_force.with_ports(load(None, tmp_path, {}), [7001, 7002, 7003])
    start = WorkerStart("w1", ["main", "w1"], {"c2s:127.0.0.1:7001": 7, "c2s:127.0.0.1:7002": 8}, in_force.pack(config))
    env = worker.env(start, *WorkerStart.from_bytes(start.to_bytes()).config())
    assert env["kernel"] == {"run_dir": str(tmp_path / "run"), "cookie": b"\x00\xff", "nodes": ("main", "w1")}
    assert env["xmppd"]["listen_fds"] == start.fds
    assert [listen.port for listen in env["xmppd"]["config"].listen] == [7001, 7002, 7003]
    import os

    assert "OTP_COOKIE" not in os.environ


@pytest.mark.parametrize("name", worker.EXPORTS)
def test_what_the_parent_may_call_exists(name: str) -> None:
    assert importlib.import_module(name)
