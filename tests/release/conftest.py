"""conftest — the built release, moved to a folder of its own, and a server of it that ends with the test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "rel" / "xmppd"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release that `make rel` built (built now if it was not), moved elsewhere."""
    if not (BUILT / "env").exists():
        subprocess.run([sys.executable, str(ROOT / "rel" / "make_rel.py")], check=True, cwd=ROOT)
    moved = tmp_path_factory.mktemp("rel") / "moved"
    shutil.copytree(BUILT, moved, symlinks=True, ignore=shutil.ignore_patterns("var"))
    return moved


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


class Server:
    """One server of the release: its home, its ports, and its commands."""

    def __init__(self, release: Path, home: Path, *settings: str) -> None:
        self.script, self.home = release / "xmppd", home
        self.ports = free_ports(2)
        ports = (f"listen.{n}.port={port}" for n, port in enumerate(self.ports, 1))
        self.settings = [
            word for setting in (*ports, "limits.drain_seconds=1", *settings) for word in ("--set", setting)
        ]

    def run(self, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run one verb with an empty environment."""
        command = [str(self.script), "--home", str(self.home), *words]
        return subprocess.run(command, input=stdin, env=env, capture_output=True, text=True, timeout=60, check=False)

    def start(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `start` on ports of our own."""
        return self.run("start", *self.settings, *words)

    def ask(self, *words: str) -> Any:
        """Run one verb that must succeed; give its result."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def log(self) -> str:
        """The log so far."""
        return (self.home / "log" / "xmppd.log").read_text()


@pytest.fixture
def server(release: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that runs with two workers."""
    one = Server(release, tmp_path / "home", "workers=2")
    started = one.start()
    assert started.returncode == 0, started.stderr
    yield one
    one.run("stop")


@pytest.fixture
def make_server(release: Path, tmp_path: Path) -> Iterator[Any]:
    """Makes servers that do not run yet; they are stopped in the end."""
    made: list[Server] = []

    def make(*settings: str) -> Server:
        made.append(Server(release, tmp_path / f"home{len(made)}", *settings))
        return made[-1]

    yield make
    for one in made:
        one.run("stop")


@pytest.fixture
def plain_env() -> dict[str, str]:
    """As little environment as a script can be called with."""
    return {"PATH": os.defpath}
