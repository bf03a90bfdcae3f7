"""A server that may open few files: who comes when none are left is turned away, who is there is served."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.attacks import Bystander
from tests.support.booted import Booted
from tests.support.hostile import PING
from tests.support.wire import Wire

FILES = 128


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Booted]:
    with Booted.start(tmp_path, workers=1, limits="resources = 1000", shell=f"ulimit -n {FILES}") as server:
        yield server
        server.drop_all()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_more_clients_than_files(small: Booted) -> None:
    friend = small.client("friend").online()
    pid = small.worker_pids()["w1"]
    user = small.account("many")
    with Bystander(small) as bystander:
        crowd: list[Wire] = []
        for number in range(FILES):  # they log in, so that none of them has to make room
            with contextlib.suppress(AssertionError, OSError):
                wire = Wire(small.plain)
                crowd.append(wire)
                wire.sock.settimeout(0.5)
                wire.login(user, resource=f"r{number}")
            if "too few file descriptors" in small.log():
                break
        else:
            raise AssertionError("the limit was not met")
        began, before = processor_seconds(pid), time.monotonic()
        late = [Wire(small.plain) for _ in range(20)]
        assert friend.ask("get", PING).get("type") == "result"
        time.sleep(1)
        used = (processor_seconds(pid) - began) / (time.monotonic() - before)
    assert bystander.fault is None
    assert used < 0.5  # it does not spin
    assert int(small.eval("len(__import__('os').listdir('/proc/self/fd'))")) < FILES
    for wire in (*crowd, *late):
        wire.drop()
    small.settled(lambda: small.client("again").ask("get", PING).get("type") == "result")
    assert small.worker_pids() == {"w1": pid}
    assert "Traceback" not in small.log()
