"""What the parent alone knows."""

from __future__ import annotations

import pytest

from otp.kernel import keeper
from otp.kernel.keeper import Kept
from xmppd import metrics
from xmppd.monitor import parent_metrics
from xmppd.node.version import version


def test_the_ends_of_workers_and_whether_they_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "STATES", {"w1": Kept("serving", 2), "w2": Kept("pausing", 7)})
    told = {sample[0]: dict(sample[4]) for sample in metrics.snapshot()}
    assert told["xmppd_worker_ends_total"] == {("w1",): 2, ("w2",): 7}
    assert told["xmppd_worker_serving"] == {("w1",): 1, ("w2",): 0}
    assert [labels[0].partition("+")[0] for labels in told["xmppd_build_info"]] == [version()]


def test_what_answers_a_worker_is_loaded_with_it() -> None:
    assert {module.__name__ for module in parent_metrics.LOADED} == {
        "xmppd.monitor.gather", "xmppd.monitor.node_metrics",
    }  # fmt: skip
