"""test_worker_start — what the parent tells a worker.

Way:  xmppd.ctl.worker_start
"""

from __future__ import annotations

from pathlib import Path

from xmppd.ctl.worker_start import WorkerStart


def test_it_survives_the_command_line_and_brings_the_ports_that_are_bound(tmp_path: Path) -> None:
    start = WorkerStart("w1", str(tmp_path), None, {"workers": "2"}, ["main", "w1", "w2"], [3, 4], [7001, 7002])
    again = WorkerStart.from_json(start.to_json())
    assert again == start
    config = again.load()
    assert [listen.port for listen in config.listen] == [7001, 7002]
    assert config.workers == 2
