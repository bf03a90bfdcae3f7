"""A worker is killed: new clients are served by the others at once, it is back soon; what a killed server has left in
its home is no trouble, and nobody shares a home, a port or a database with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.booted import ROOT, Booted

HEADER = (
    b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
    b" xmlns:stream='http://etherx.jabber.org/streams'>"
)
#: seconds; ten times the aims, and two at least
SERVED, BACK, GONE = 2.0, 15.0, 20.0


def greeting(port: int) -> float:
    """Seconds from the attempt to connect until a new client has the features of its stream."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        sock.sendall(HEADER)
        data = b""
        while b"</stream:features>" not in data:
            piece = sock.recv(65536)
            assert piece, "closed"
            data += piece
    return time.monotonic() - begun


def outage(server: Booted, worker: str, number: signal.Signals = signal.SIGKILL) -> tuple[list[float], float]:
    """Kill a worker; how long each new client waits until it is back, and how long that takes."""
    pids, waits = server.worker_pids(), list[float]()
    begun = time.monotonic()
    os.kill(pids[worker], number)
    time.sleep(0.02)  # the kernel and the parent see it first: who has come before waits for the worker
    while True:
        waits.append(greeting(server.plain))
        if server.worker_pids().get(worker) not in (None, pids[worker]):
            return waits, time.monotonic() - begun
        assert time.monotonic() < begun + BACK


def test_new_clients_are_served_while_a_worker_is_away(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2) as server:
        for worker in ("w1", "w2", "w1"):
            waits, _ = outage(server, worker)
            assert max(waits) < SERVED
        clients = [server.client() for _ in range(12)]
        spread = {row["node"] for row in server.ask("session list", {})}
        assert len(clients) == 12
        assert spread == {"w1", "w2"}  # who is back has its share again
        server.drop_all()


def test_what_a_killed_server_leaves_is_no_trouble_and_nothing_has_two_owners(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2) as server:
        user = server.account("left")
        command = [sys.executable, "-m", "xmppd.cli.main", "start", "--home"]
        taken = subprocess.run(
            [*command, str(tmp_path / "other"), "--config", str(tmp_path / "xmppd.toml")],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert taken.returncode == 75
        assert f"is taken by another xmppd (pid {server.process.pid}" in taken.stderr
        workers = server.worker_pids().values()
        server.process.kill()
        server.process.wait()
        begun = time.monotonic()
        for file in ("xmppd.pid", "control.sock", "main.sock", "w1.sock"):
            assert (server.home / "run" / file).exists(), file  # it had no time to clear up
        server.settled(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), GONE)
        assert time.monotonic() - begun < GONE
    with Booted.start(tmp_path, workers=2) as server:
        server.client(user=user).close()


@pytest.mark.parametrize("victims", ["parent", "all"])
def test_a_start_at_once_after_a_kill_serves(tmp_path: Path, victims: str) -> None:
    """Also while the old workers are still there: they have the ports and the database for a moment."""
    with Booted.start(tmp_path, workers=2) as server:
        user = server.account("again")
        pids = [server.process.pid, *(server.worker_pids().values() if victims == "all" else ())]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        server.process.wait()
        server.again()
        server.client(user=user).close()
