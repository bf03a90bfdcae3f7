"""test_parent_sup — the parent's tree, as values.

Way:  xmppd.parent_sup
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from otp.stdlib.child_spec import AutoShutdown, Restart, check
from xmppd.config.load import load
from xmppd.node import ports
from xmppd.node.parent_state import Parent
from xmppd.node.worker_start import WorkerStart
from xmppd.parent_sup import COOKIE_VARIABLE, ParentSup, WorkerSup
from xmppd.store.same_file import RELEASE


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    free = {f"listen.{number}.port": "0" for number in (1, 2, 3)}
    flags = {"workers": "2", **free, "limits.worker_restarts": "7"}
    config = load(None, tmp_path, {}, flags)
    bound = ports.bind_all(config.listen, 2)
    yield Parent(config, None, flags, bound, b"\x01\x02")
    ports.close_all(bound)


def test_the_end_of_the_workers_is_the_end_of_all(parent: Parent) -> None:
    flags, specs = ParentSup().init(parent)
    check(flags, specs)
    assert flags.auto_shutdown is AutoShutdown.ANY_SIGNIFICANT
    workers, doorkeeper, control = specs
    assert (doorkeeper.id, doorkeeper.significant) == ("doorkeeper", False)
    assert (workers.id, workers.significant, workers.restart) == ("worker_sup", True, Restart.TRANSIENT)
    assert (control.id, control.significant, control.restart) == ("control", False, Restart.PERMANENT)


def test_every_worker_has_its_sockets_and_each_start_a_generation(parent: Parent) -> None:
    _, specs = WorkerSup().init(parent)
    assert [spec.id for spec in specs] == ["w1", "w2"]
    peer, patience, _ = specs[1].call.args
    assert (patience.restarts, patience.period) == (7, 60.0)
    assert peer.pass_fds == tuple(sockets[1].fileno() for sockets in parent.sockets)
    assert peer.env[COOKIE_VARIABLE] == "0102"
    assert peer.env[RELEASE] == parent.release
    first, second = peer.args(), peer.args()
    assert (first[-1], second[-1]) == ("1", "2")
    assert "0102" not in " ".join(first)
    assert callable(peer.input)
    start = WorkerStart.from_bytes(peer.input())
    assert (start.node, tuple(start.fds.values())) == ("w2", peer.pass_fds)


def test_a_worker_that_starts_again_is_told_what_is_in_force_and_not_what_is_in_the_file(parent: Parent) -> None:
    _, specs = WorkerSup().init(parent)
    peer, *_ = specs[0].call.args
    assert callable(peer.input)
    file = parent.config.paths.home / "xmppd.toml"
    before = WorkerStart.from_bytes(peer.input())
    file.write_text("hosts = ['other.x']\n[registration]\nopen = true\n")
    assert WorkerStart.from_bytes(peer.input()) == before
    parent.take_over(parent.reread())
    after, _ = WorkerStart.from_bytes(peer.input()).config()
    assert (after.registration.open, after.hosts) == (True, ("localhost",))
