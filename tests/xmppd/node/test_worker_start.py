"""test_worker_start — what the parent tells a worker.

Way:  xmppd.node.worker_start
"""

from __future__ import annotations

from pathlib import Path

from xmppd.config.load import load
from xmppd.node import in_force
from xmppd.node.worker_start import WorkerStart


def test_it_comes_whole_and_shows_no_secret(tmp_path: Path) -> None:
    config = in_force.with_ports(load(None, tmp_path, {}, {"workers": "2"}), [7001, 7002, 7003])
    fds = {"c2s:127.0.0.1:7001": 3, "c2s:127.0.0.1:7002": 4}
    start = WorkerStart("w1", ["main", "w1", "w2"], fds, in_force.pack(config), {"a.pem": b"hush"})
    again = WorkerStart.from_bytes(start.to_bytes())
    assert again == start
    assert again.config()[0] == config
    assert "hush" not in repr(again)
