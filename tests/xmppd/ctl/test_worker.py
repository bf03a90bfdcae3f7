"""test_worker — what a worker boots with; that it serves is for the release's tests.

Way:  xmppd.ctl.worker
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from xmppd.ctl import worker
from xmppd.ctl.worker_start import WorkerStart


def test_settings_and_the_secret_leaves_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTP_COOKIE", "00ff")
    start = WorkerStart("w1", str(tmp_path), None, {}, ["main", "w1"], [7, 8], [7001, 7002])
    env = worker.env(start, start.load())
    assert env["kernel"] == {"run_dir": str(tmp_path / "run"), "cookie": b"\x00\xff", "nodes": ("main", "w1")}
    assert env["xmppd"]["listen_fds"] == (7, 8)
    assert [listen.port for listen in env["xmppd"]["config"].listen] == [7001, 7002]
    import os

    assert "OTP_COOKIE" not in os.environ


@pytest.mark.parametrize("name", worker.EXPORTS)
def test_what_the_parent_may_call_exists(name: str) -> None:
    assert importlib.import_module(name)
