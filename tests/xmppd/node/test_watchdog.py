"""test_watchdog — when the service manager's watchdog is fed, and when not.

Way:  xmppd.node.watchdog
"""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from otp.erts import process
from otp.kernel import keeper
from otp.kernel.keeper import Kept
from otp.kernel.node import BOOK
from otp.stdlib import gen_server
from tests.support import node
from xmppd.config.load import load
from xmppd.node import watchdog
from xmppd.node.parent_state import Parent
from xmppd.node.systemd import Systemd
from xmppd.node.watchdog import is_well

TWO = ("w1", "w2")


@pytest.mark.parametrize(
    ("first", "second", "alive", "well"),
    [
        ("serving", "serving", {"w1", "w2"}, True),
        ("serving", "serving", {"w1"}, False),  # the second has said nothing for too long
        ("serving", "serving", set(), False),
        ("starting", "starting", set(), True),
        ("serving", "pausing", {"w1"}, True),  # its keeper sees to it
        ("serving", "starting", {"w1"}, True),
        ("pausing", "pausing", set(), False),
        ("starting", "pausing", set(), False),
        ("stopping", "stopping", set(), True),
    ],
)
def test_when_it_is_well(first: str, second: str, alive: set[str], well: bool) -> None:
    assert is_well(TWO, {"w1": Kept(first), "w2": Kept(second)}, alive) is well


@pytest.fixture
def _states() -> Iterator[None]:
    yield
    keeper.STATES.clear()
    BOOK.clear()


@pytest.mark.usefixtures("_states")
def test_it_beats_until_a_worker_is_silent_and_again_when_that_is_back(tmp_path: Path) -> None:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.setblocking(False)
    config = load(None, tmp_path, {}, {"workers": "2"})
    parent = dataclasses.replace(Parent(config, None, {}, []), systemd=Systemd(str(tmp_path / "notify"), watchdog=0.04))

    def beats() -> int:
        count = 0
        while True:
            try:
                count += manager.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return count

    async def main() -> None:
        keeper.STATES.update(w1=Kept("serving"), w2=Kept("serving"))
        for name in TWO:
            BOOK.up(name, 1)
        dog = await gen_server.start_link(watchdog.Watchdog, parent)
        assert dog is not None
        await process.sleep(0.1)
        assert beats() > 2
        BOOK.down("w2", 1)
        await process.sleep(0.02)
        beats()
        await process.sleep(0.1)
        assert beats() == 0
        BOOK.up("w2", 2)
        await process.sleep(0.1)
        assert beats() > 0

    node.run(main)
    manager.close()
