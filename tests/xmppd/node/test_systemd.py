"""test_systemd — what the service manager is told, at its own socket.

Way:  xmppd.node.systemd
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from xmppd.node.readiness import Readiness
from xmppd.node.systemd import NOBODY, Systemd


class Manager:
    """A service manager's socket."""

    def __init__(self, address: str) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(address)
        self.sock.setblocking(False)

    def heard(self) -> dict[str, str]:
        """The fields of one message."""
        return dict(line.split("=", 1) for line in self.sock.recv(4096).decode().split("\n"))


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[Manager, Systemd]]:
    path = str(tmp_path / "notify")
    made = Manager(path)
    yield made, Systemd(path)
    made.sock.close()


def test_the_variables_are_taken_away() -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "7", "HOME": "/"}
    assert Systemd.take(environ, pid=7) == Systemd("/run/x", 2.5)
    assert environ == {"HOME": "/"}
    assert Systemd.take(environ) == NOBODY


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"), [("1000000", "", 1.0), ("1000000", "8", None), ("0", "7", None), ("soon", "7", None)]
)
def test_whose_watchdog_it_is(usec: str, pid: str, seconds: float | None) -> None:
    environ = {"NOTIFY_SOCKET": "x", "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    assert Systemd.take(environ, pid=7).watchdog == seconds


def test_a_reload_has_a_beginning_with_its_time_and_an_end(manager: tuple[Manager, Systemd]) -> None:
    service, systemd = manager
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    def failing() -> None:
        with systemd.reloading():
            raise KeyError  # what the reload raises passes, and it has ended all the same

    with pytest.raises(KeyError):
        failing()
    told = service.heard()
    assert told["RELOADING"] == "1"
    assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert service.heard() == {"READY": "1"}


def test_up_or_why_not(manager: tuple[Manager, Systemd]) -> None:
    service, systemd = manager
    Readiness(None, as_json=True, systemd=systemd).tell({"error": "no\nmore", "status": 75})
    assert service.heard() == {"STATUS": "no"}
    Readiness(None, True, systemd).tell({"version": "1", "pid": 7, "workers": ["w1"], "hosts": ["a"]})
    assert service.heard() == {"READY": "1", "STATUS": "xmppd 1 runs: pid 7, 1 workers"}


def test_an_abstract_address(tmp_path: Path) -> None:
    service = Manager(f"\0{tmp_path}")
    Systemd(f"@{tmp_path}").tell(STOPPING="1")
    assert service.heard() == {"STOPPING": "1"}
    service.sock.close()


def test_that_nobody_listens_is_logged_and_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Systemd(str(tmp_path / "none")).tell(READY="1")
    assert "was not told READY" in caplog.text
    caplog.clear()
    NOBODY.tell(READY="1")
    assert not caplog.text
