"""Attacks by kind: each is dealt with as it should, others do not notice, memory is bounded, no worker is lost."""

from __future__ import annotations

import pytest

from tests.support.attacks import ATTACKS, Bystander, forget_peaks, memory
from tests.support.booted import Booted
from tests.support.loads import LOADS

#: seconds that an answer to others may take, ten times the aim
LATE = 1.5
#: bytes that the workers may grow by, at the worst moment
GROWN = 96 << 20


@pytest.mark.parametrize("name", [*ATTACKS, *LOADS])
def test_an_attack_is_nobody_elses_business(server: Booted, name: str) -> None:
    before, workers, logged = memory(server), server.worker_pids(), len(server.log())
    forget_peaks(server)
    with Bystander(server) as bystander:
        (ATTACKS | LOADS)[name](server)
    assert bystander.fault is None
    assert bystander.worst < LATE
    assert memory(server, "VmHWM") < before + GROWN
    assert server.worker_pids() == workers
    assert "Traceback" not in server.log()[logged:]
