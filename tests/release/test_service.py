"""test_service — the release under a service manager: it says when it is up, alive, reloading and stopping."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.conftest import Server

#: seconds that the manager waits for a sign of life
WATCHDOG = 0.8


class Service:
    """A server in the foreground with the variables that systemd sets, and what it tells: read at once, as systemd
    does, since the kernel keeps only ten messages that nobody reads."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(folder / "notify"))
        self.sock.settimeout(0.2)  # between two looks whether it has been closed
        self.messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        env = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}
        command = [str(server.script), "foreground", "--home", str(server.home), *server.settings]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def told(self, seconds: float = 30.0) -> dict[str, str]:
        """The fields of the next message; {} if none comes."""
        try:
            message = self.messages.get(timeout=seconds)
        except queue.Empty:
            return {}
        return dict(line.split("=", 1) for line in message.decode().split("\n"))

    def _read(self) -> None:
        while self.sock.fileno() >= 0:
            with contextlib.suppress(OSError):
                self.messages.put(self.sock.recv(65536))

    def until(self, field: str, seconds: float = 30.0) -> dict[str, str]:
        """The next message with a field; AssertionError if none comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if field in (message := self.told(max(deadline - time.monotonic(), 0.0))):
                return message
        raise AssertionError(f"{field} was not told in {seconds} s")

    def silent(self, seconds: float) -> bool:
        """Whether nothing is told for so long."""
        return not self.told(seconds)


@pytest.fixture
def service(make_server: Callable[..., Server], tmp_path: Path) -> Iterator[Service]:
    made = Service(make_server("workers=2"), tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait()
    made.sock.close()


def pids(server: Server) -> list[int]:
    rows: list[dict[str, Any]] = server.ask("status")["workers"]
    return [row["pid"] for row in rows]


def test_a_service_manager_hears_how_it_is(service: Service) -> None:
    up = service.until("READY")
    assert "2 workers" in up["STATUS"]
    service.until("WATCHDOG")
    assert service.server.run("reload").returncode == 0
    assert service.until("RELOADING")["MONOTONIC_USEC"].isdecimal()
    assert service.until("READY") == {"READY": "1"}
    service.process.send_signal(signal.SIGHUP)
    service.until("RELOADING")
    service.until("READY")

    stopped = pids(service.server)[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 60
        while not service.silent(2 * WATCHDOG):  # it gives up the worker after five seconds without a sign of life
            assert time.monotonic() < deadline, "fed with a worker that is stopped"
    finally:
        os.kill(stopped, signal.SIGCONT)
    service.until("WATCHDOG")

    os.kill(pids(service.server)[1], signal.SIGKILL)  # its keeper sees to it: no reason to end all
    for _ in range(4):
        service.until("WATCHDOG", 10)
    service.process.send_signal(signal.SIGTERM)
    service.until("STOPPING")
    assert service.process.wait(30) == 0
