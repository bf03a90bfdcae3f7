"""booted — the server as its users start it: `foreground`, in a home of its own, on free ports of the loopback.

with Booted.start(tmp_path, workers=2) as server:
    romeo = server.client("romeo")             # an account made, logged in over a plain stream
    server.ask("user list")                     # a command over the control socket
"""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support.wire import Component, Wire
from xmppd.cli import client
from xmppd.node.home import Home

ROOT = Path(__file__).parents[2]
SECRET = "comp-secret"
COMPONENTS = tuple(f"c{n}.test" for n in range(4))
UP = 30.0

CONFIG = """
hosts = ["localhost", "verona.test"]
admins = ["admin@localhost"]
workers = {workers}

[registration]
open = true

[limits]
rate = "off"
login_failures_per_minute = "off"
drain_seconds = 1
{limits}

[[listen]]
module = "c2s"
ip = "127.0.0.1"
port = {plain}
tls = "optional"
plain_without_tls = true

[[listen]]
module = "c2s"
ip = "127.0.0.1"
port = {tls}
tls = "required"

[[listen]]
module = "c2s"
ip = "127.0.0.1"
port = {direct}
tls = "direct"

[[listen]]
module = "component"
ip = "127.0.0.1"
port = {component}
tls = "off"
secrets = {{ {secrets} }}

[modules]
"tests.support.mod_probe" = {{}}

{more}
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now."""
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [int(sock.getsockname()[1]) for sock in socks]
    for sock in socks:
        sock.close()
    return found


def _spawn(command: list[str], folder: Path, mode: str) -> subprocess.Popen[bytes]:
    """The server's first process; what it prints is in the file `output`."""
    with (folder / "output").open(mode) as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)


@dataclass
class Booted:
    """A running server. `plain`, `tls`, `direct`, `component` are its ports."""

    home: Path
    process: subprocess.Popen[bytes]
    plain: int
    tls: int
    direct: int
    component: int
    command: list[str]
    made: int = 0
    open: list[Wire] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path, workers: int = 2, more: str = "", limits: str = "", shell: str = ":") -> Self:
        """Boot, and wait until it serves. `more` is further TOML, `limits` lines for [limits], `shell` what a shell
        does before ("ulimit -n 100").

        A port that somebody took since it was found free is no fault: others are tried. Raises AssertionError with
        the log's end.
        """
        for _ in range(2):
            try:
                return cls._start_once(folder, workers, more, limits, shell)
            except AssertionError as error:
                if "is taken" not in str(error):
                    raise
        return cls._start_once(folder, workers, more, limits, shell)

    @classmethod
    def without_a_file(cls, folder: Path, *flags: str) -> Self:
        """Boot with the defaults but for `--set` flags, and wait until it serves. Raises AssertionError."""
        home = folder / "home"
        command = [sys.executable, "-m", "xmppd.cli.main", "foreground", "--home", str(home), *flags]
        made = cls(home, _spawn(command, folder, "wb"), 0, 0, 0, 0, command)
        try:
            made._await()
        except BaseException:
            made.stop()
            raise
        return made

    @classmethod
    def _start_once(cls, folder: Path, workers: int, more: str, limits: str, shell: str) -> Self:
        plain, tls, direct, component = free_ports(4)
        secrets = ", ".join(f'"{name}" = "{SECRET}"' for name in COMPONENTS)
        home, file = folder / "home", folder / "xmppd.toml"
        file.write_text(
            CONFIG.format(
                workers=workers, plain=plain, tls=tls, direct=direct, component=component,
                secrets=secrets, more=more, limits=limits,
            )
        )  # fmt: skip
        serve = [sys.executable, "-m", "xmppd.cli.main", "foreground", "--home", str(home), "--config", str(file)]
        command = ["/bin/sh", "-c", f'{shell} && exec "$@"', "sh", *serve]
        made = cls(home, _spawn(command, folder, "wb"), plain, tls, direct, component, command)
        try:
            made._await()
        except BaseException:
            made.stop()
            raise
        return made

    def again(self) -> None:
        """Start it once more, after it has ended: the same home and the same ports. Returns when it serves; raises
        AssertionError."""
        before = len(self.output.read_bytes())
        self.process = _spawn(self.command, self.home.parent, "ab")
        self._await(before)

    def _await(self, before: int = 0) -> None:
        deadline = time.monotonic() + UP
        while b" runs: " not in (said := self.output.read_bytes()[before:]):
            alive = self.process.poll() is None and time.monotonic() < deadline
            assert alive, f"the server did not come up:\n{said.decode()[-4000:]}"
            time.sleep(0.02)

    @property
    def output(self) -> Path:
        """What the server printed and logged."""
        return self.home.parent / "output"

    def log(self) -> str:
        """All that was logged so far."""
        return self.output.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """SIGTERM, and SIGKILL if that does not do; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its workers end with it
            return self.process.wait()

    # -- commands

    def ask(self, command: str, params: dict[str, Any] | None = None) -> Any:
        """A command over the control socket, as the command line gives it."""
        return client.ask(Home(self.home), command, params or {}, 10.0)

    def cli(self, *words: str) -> Any:
        """A verb of the command line, its result from JSON. Raises AssertionError with its words if it fails."""
        command = [sys.executable, "-m", "xmppd.cli.main", *words, "--home", str(self.home), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def eval(self, source: str, worker: str = "w1", session: str = "test") -> str:
        """What the shell prints for `source` on a worker (or "main")."""
        answer = client.ask(Home(self.home), "shell", {"session": session, "source": source, "node": worker}, 10.0)
        return str(answer["output"]).strip()

    def worker_pids(self) -> dict[str, int]:
        """Worker name -> OS process id of those that run."""
        rows = self.ask("status")["workers"]
        return {row["name"]: row["pid"] for row in rows if row["state"] == "up"}

    @staticmethod
    def settled(condition: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until something has become true. Raises AssertionError if it does not."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.02)

    def await_workers(self, wanted: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """Wait until the workers that are up are as wanted; gives them."""
        found: dict[str, int] = {}

        def there() -> bool:
            found.clear()
            found.update(self.worker_pids())
            return wanted(found)

        self.settled(there)
        return found

    def sessions(self, user: str) -> dict[str, str]:
        """Full JID -> worker of a user's sessions."""
        return {row["jid"]: row["node"] for row in self.ask("session list", {"user": user})}

    # -- accounts and clients

    def account(self, stem: str = "user", password: str = "secret") -> str:
        """A new account with a name of its own; returns the name."""
        self.made += 1
        name = f"{stem}{self.made}"
        self.ask("user add", {"user": f"{name}@localhost", "password": password})
        return name

    def wire(self, port: int = 0, domain: str = "localhost") -> Wire:
        """A connection, nothing sent; closed by `drop_all` at the latest."""
        made = Wire(port or self.plain, domain)
        self.open.append(made)
        return made

    def client(self, stem: str = "user", resource: str = "", user: str = "") -> Wire:
        """Logged in and bound; a new account unless `user` names one."""
        return self.wire().login(user or self.account(stem), "secret", resource)

    def on_worker(self, worker: str, user: str, resource: str = "") -> Wire:
        """A client whose session is on that worker: connections are made until one lands there."""
        for _ in range(64):
            made = self.client(resource=resource, user=user)
            if self.sessions(user)[made.jid] == worker:
                return made
            made.close()
        raise AssertionError(f"no connection landed on {worker}")

    def service(self, domain: str = COMPONENTS[0]) -> Component:
        """A connected component."""
        made = Component(self.component, domain)
        self.open.append(made)
        return made.handshake(SECRET)

    def drop_all(self) -> None:
        """Break all connections that tests left open."""
        while self.open:
            self.open.pop().drop()

    def ca(self) -> Path:
        """The development certificate of localhost, which clients may trust."""
        return self.home / "certs" / "localhost.pem"

    def trust(self) -> ssl.SSLContext:
        """A client's TLS that trusts the development certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca()))
