"""test_resume_clients — stock clients that are not Python lose their connection, and resume (XEP-0198).

xmpp.js comes from npm, at the versions of clients/xmppjs/package-lock.json; the client of libstrophe is compiled.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from tests.support.booted import Booted
from tests.support.flaky_link import FlakyLink
from tests.support.wire import CLIENT, Wire

HERE = Path(__file__).parent / "clients"
PATIENCE = 30.0


class Program:
    """A client in a process of its own, which says a line for each thing that it sees."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **env},
        )
        self.lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def send(self, to: str, text: str) -> None:
        """Have it send a message."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{to} {text}\n")
        self.process.stdin.flush()

    def until(self, begins: str) -> list[str]:
        """The lines up to the first that begins so, that one included."""
        seen: list[str] = []
        deadline = time.monotonic() + PATIENCE
        while not seen or not seen[-1].startswith(begins):
            try:
                seen.append(self.lines.get(timeout=max(0.01, deadline - time.monotonic())))
            except Empty:
                raise AssertionError(f"{begins!r} did not come, but {seen}") from None
        return seen

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


Start = Callable[[Booted, FlakyLink, str], Program]


@pytest.fixture(scope="session")
def xmppjs(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """How a client of xmpp.js is started; its packages are installed once."""
    if shutil.which("npm") is None:
        return _missing("npm is not installed: xmpp.js was not tried")
    folder = tmp_path_factory.mktemp("xmppjs")
    for file in (HERE / "xmppjs").iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True, timeout=120)

    def start(server: Booted, link: FlakyLink, user: str) -> Program:
        trust = {"NODE_EXTRA_CA_CERTS": str(server.ca())}
        return Program(["node", str(folder / "client.js"), str(link.port), user, "secret"], trust)

    return start


@pytest.fixture(scope="session")
def strophe(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """How a client of libstrophe is started."""
    if shutil.which("gcc") is None or not Path("/usr/include/strophe.h").exists():
        return _missing("libstrophe-dev and gcc are not installed: a client in C was not tried")
    program = tmp_path_factory.mktemp("strophe") / "strophe"
    subprocess.run(["gcc", "-O1", "-o", str(program), str(HERE / "strophe.c"), "-lstrophe"], check=True, timeout=60)

    def start(server: Booted, link: FlakyLink, user: str) -> Program:
        return Program([str(program), str(link.port), user, "secret", str(server.ca())], {})

    return start


def _missing(why: str) -> Start:
    def start(server: Booted, link: FlakyLink, user: str) -> Program:
        warnings.warn(why, stacklevel=1)
        pytest.skip(why)

    return start


@pytest.fixture(params=["xmppjs", "strophe"])
def start(request: pytest.FixtureRequest) -> Start:
    """Each of them."""
    made: Start = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def client(server: Booted, start: Start) -> Iterator[tuple[Program, FlakyLink, str]]:
    """One that is online behind a link that can be cut; with its full JID."""
    user = server.account("away", "secret")
    with FlakyLink(server.tls) as link:
        program = start(server, link, user)
        try:
            program.until("online")
            [jid] = server.sessions(user)
            yield program, link, jid
        finally:
            program.stop()


def _say(romeo: Wire, to: str, text: str) -> None:
    romeo.send(f"<message to='{to}' type='chat' id='{text}'><body>{text}</body></message>")


def _bodies(romeo: Wire, count: int) -> list[str]:
    return [romeo.next().findtext(f"{{{CLIENT}}}body", "") for _ in range(count)]


def test_what_came_while_it_was_away_comes_once_and_in_order(
    server: Booted, client: tuple[Program, FlakyLink, str]
) -> None:
    program, link, jid = client
    romeo = server.client("romeo").online()
    _say(romeo, jid, "before")
    program.until("message before")
    link.cut()
    for n in range(5):
        _say(romeo, jid, f"away-{n}")
    link.mend()
    _say(romeo, jid, "after")
    seen = [line for line in program.until("message after") if line.startswith("message")]
    assert seen == [*[f"message away-{n}" for n in range(5)], "message after"]
    program.send(romeo.jid, "still here")
    assert _bodies(romeo, 1) == ["still here"]


def test_what_it_said_into_a_dead_connection_arrives_once(
    server: Booted, client: tuple[Program, FlakyLink, str]
) -> None:
    program, link, _ = client
    romeo = server.client("romeo").online()
    program.send(romeo.jid, "one")
    assert _bodies(romeo, 1) == ["one"]
    link.swallow()
    program.send(romeo.jid, "two")
    time.sleep(0.5)  # it goes into the connection, and no further
    link.cut()
    link.mend()
    assert _bodies(romeo, 1) == ["two"]
    program.send(romeo.jid, "three")
    assert _bodies(romeo, 1) == ["three"]


def test_it_resumes_at_another_worker_after_its_own_was_killed(tmp_path: Path, start: Start) -> None:
    with Booted.start(tmp_path, workers=2) as server, FlakyLink(server.tls) as link:
        user = server.account("away", "secret")
        program = start(server, link, user)
        try:
            program.until("online")
            [(jid, worker)] = server.sessions(user).items()
            romeo = server.on_worker("w1" if worker == "w2" else "w2", server.account("romeo")).online()
            _say(romeo, jid, "before")
            program.until("message before")
            os.kill(server.worker_pids()[worker], signal.SIGKILL)
            _say(romeo, jid, "after")
            assert program.until("message after").count("message after") == 1
            assert jid in server.sessions(user)
        finally:
            program.stop()
            server.drop_all()
