"""A worker that runs out of memory: nobody new comes, the slowest readers go, at last it starts again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.attacks import Bystander, pushed
from tests.support.booted import Booted
from tests.support.hostile import PING
from tests.support.wire import Silence, Wire

LIMIT = 400
#: seconds that a machine takes which others keep busy
BUSY = 30.0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Booted]:
    with Booted.start(tmp_path, workers=1, more=f"[node]\nmemory_mb = {LIMIT}") as server:
        yield server
        server.drop_all()


def fill(server: Booted, part: float) -> None:
    """Let the worker take this part of what it may have."""
    resident = "__import__('otp.kernel.memsup', fromlist=['resident']).resident()"
    server.eval("__import__('sys').hog = b''")
    server.eval(f"__import__('sys').hog = b'x' * max(0, int({part} * {LIMIT << 20}) - {resident})")


def slow_reader(server: Booted, sender: Wire) -> Wire:
    """Somebody for whom much waits in the server."""
    slow = server.client("slow").online()
    number = 0
    while "True" not in server.eval(CONGESTED.format(slow.jid)):
        number += 1
        message = f"<message to='{slow.jid}' type='chat'><body>{'x' * 50_000}</body></message>"
        pushed(sender, message * 10 + f"<iq type='get' id='w{number}'>{PING}</iq>")
        while sender.next().get("id") != f"w{number}":
            pass
    return slow


CONGESTED = (
    "any(one.stream.connection.congested for one in map("
    "__import__('xmppd.routing.sm.sm', fromlist=['sm']).session_of, "
    "__import__('xmppd.routing.sm.sm', fromlist=['sm']).sessions_here()) if one.jid.full == '{}')"
)


def test_from_no_new_connections_to_a_restart(small: Booted) -> None:
    sender, pid = small.client("sender"), small.worker_pids()["w1"]
    with Bystander(small) as bystander:
        slow = slow_reader(small, sender)
        fill(small, 0.75)
        small.settled(lambda: "no connection is accepted" in small.log(), BUSY)
        late = Wire(small.plain)
        small.open.append(late)
        late.header("to='localhost' version='1.0'")
        with pytest.raises(Silence):
            late.next(0.5)
        fill(small, 0.85)
        small.settled(lambda: not small.sessions(slow.bare.partition("@")[0]), BUSY)
        fill(small, 0.5)
        small.settled(lambda: "connections are accepted again" in small.log(), BUSY)
        assert late.next() is not None  # it has waited in the backlog
    assert bystander.fault is None
    assert small.worker_pids() == {"w1": pid}
    assert sender.ask("get", PING).get("type") == "result"
    fill(small, 0.95)
    assert sender.end(BUSY) == "system-shutdown"
    small.await_workers(lambda pids: pids.get("w1") not in (None, pid))
    again = small.client(user=slow.bare.partition("@")[0])
    again.send("<presence/>")
    assert again.next() is not None  # what the slow one did not read was kept
    assert "Traceback" not in small.log()
