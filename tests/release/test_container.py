"""test_container — the release as process 1 of a namespace, as in a container; and the file that makes the image."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release.conftest import Server

ROOT = Path(__file__).parents[2]
FILE = ROOT / "rel" / "container" / "Containerfile"
#: a namespace of processes with the server as process 1; a user of its own where we are not root
UNSHARE = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child"]
UNSHARE += [] if os.getuid() == 0 else ["--user", "--map-current-user"]


def can_unshare() -> bool:
    return (
        shutil.which("unshare") is not None
        and not subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode
    )


process_1 = pytest.mark.skipif(not can_unshare(), reason="no namespaces here")


class Contained:
    """The server as process 1. `pid` is what it is called outside."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.output = server, folder / "output"
        command = [*UNSHARE, str(server.script), "foreground", "--home", str(server.home), *server.settings]
        env = {"PATH": os.defpath, "XMPPD_LOG_FORMAT": "json"}
        with self.output.open("wb") as file:
            self.outer = subprocess.Popen(command, env=env, stdout=file, stderr=file)
        self.pid = self._first()

    def _first(self) -> int:
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        deadline = time.monotonic() + 30
        while not (found := children.read_text().split()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return int(found[0])

    def children(self) -> list[str]:
        """The states of the processes that process 1 has to wait for."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in pids]

    def inside(self, program: str) -> None:
        """Run a shell in the container, as `podman exec` does."""
        command = ["nsenter", "--target", str(self.pid), "--pid", "--mount", "sh", "-c", program]
        subprocess.run(command, check=True)


@pytest.fixture
def contained(make_server: Callable[..., Server], tmp_path: Path) -> Iterator[Contained]:
    made = Contained(make_server("workers=2"), tmp_path)
    yield made
    if made.outer.poll() is None:
        made.outer.kill()
    made.outer.wait()


def within(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(0.05)


@process_1
def test_as_process_1_it_keeps_house_and_ends_at_a_signal(contained: Contained) -> None:
    within(30, lambda: contained.server.run("ping").returncode == 0)  # the health check
    workers = contained.children()
    assert len(workers) == 3  # and the forker
    if os.getuid() == 0:
        contained.inside("(sleep 0.3 &) ; exit 0")  # an orphan: process 1 gets it
        within(10, lambda: len(contained.children()) == 4)
        within(30, lambda: len(contained.children()) == 3)
        assert "Z" not in contained.children()
    os.kill(contained.pid, signal.SIGTERM)
    assert contained.outer.wait(30) == 0
    lines = contained.output.read_text().splitlines()
    records = [json.loads(line) for line in lines]  # all of them, also the start screen
    assert {"main", "w1", "w2"} <= {record["node"] for record in records}
    assert any("stopping: SIGTERM" in record["text"] for record in records)


@process_1
def test_a_signal_while_it_starts_ends_it_too(contained: Contained) -> None:
    # as soon as its name is the server's: a process 1 without a handler would not hear it
    within(30, lambda: b"xmppd.node.parent" in Path(f"/proc/{contained.pid}/cmdline").read_bytes())
    deadline = time.monotonic() + 30
    while contained.outer.poll() is None:
        assert time.monotonic() < deadline
        os.kill(contained.pid, signal.SIGTERM)
        time.sleep(0.2)
    assert contained.outer.returncode in (0, 130, 143)


# -- the file


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments), continued lines joined."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (word, " ".join(rest.split())) for line in text.splitlines() if line for word, _, rest in [line.partition(" ")]
    ]


def test_the_file_makes_an_image_without_rights_with_a_health_check() -> None:
    found = instructions()
    last = dict(found)
    assert last["USER"] == "5222:5222"
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert "xmppd" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"].startswith("[")  # no shell between the engine and the server
    assert last["CMD"].startswith("[")
    assert last["VOLUME"] == '["/var/lib/xmppd"]'
    assert "XMPPD_LOG_FORMAT=json" in last["ENV"]
    assert not [rest for word, rest in found if word == "ADD" or "latest" in rest]


def test_all_that_the_build_reads_is_sent_to_the_engine() -> None:
    sent = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert {"apps", "otp", "rel", "pyproject.toml", "README.md", "LICENSE"} == sent
    assert all((ROOT / name).exists() for name in sent)


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="no hadolint here")
def test_a_linter_finds_nothing() -> None:
    done = subprocess.run(["hadolint", str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(600)
@pytest.mark.skipif("XMPPD_CONTAINER_BASE" not in os.environ, reason="XMPPD_CONTAINER_BASE names no base image")
def test_the_image_is_made_and_runs(tmp_path: Path) -> None:
    """With XMPPD_CONTAINER_BASE=docker.io/library/python:3.13-slim, where an engine is and a registry answers."""
    env = {**os.environ, "BASE": os.environ["XMPPD_CONTAINER_BASE"], "ENGINE": "buildah"}
    done = subprocess.run([ROOT / "rel" / "container" / "build", "xmppd-test"], env=env, check=False)
    assert done.returncode == 0
    made = subprocess.run(["buildah", "from", "xmppd-test"], capture_output=True, text=True, check=True).stdout.strip()
    run = ["buildah", "run", made, "--", "xmppd", "--version"]
    assert "xmppd" in subprocess.run(run, capture_output=True, text=True, check=True).stdout
    subprocess.run(["buildah", "rm", made], check=True)
