"""postgres — a PostgreSQL server for tests: the one of XMPPD_TEST_PG, or a temporary cluster of our own.

XMPPD_TEST_PG is a connection string of libpq for a database in which schemas may be created.
"""

from __future__ import annotations

import glob
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
BIN = Path(_FOUND[-1]) if _FOUND else None
GIVEN = os.environ.get("XMPPD_TEST_PG", "")


def available() -> bool:
    """Whether there is a server to test with: one that was named, or programs to start one."""
    return bool(GIVEN) or BIN is not None


class Cluster:
    """A server that listens on a UNIX socket in a folder of its own; without fsync, for it only has to be quick."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="pg")
        self.user = pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-A", "trust", "-U", "xmppd", "-N", "-E", "UTF8", "--locale=C")
        self.start()

    def _run(self, program: str, *args: str) -> None:
        assert BIN is not None
        command = [str(BIN / program), "-D", f"{self.folder}/data", *args]
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
