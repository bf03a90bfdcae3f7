"""test_store__faults — the database is gone, locked, full or taken away under a whole server: what clients see of it.

Way:  xmppd.store.store, with each backend
"""

from __future__ import annotations

import dataclasses
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from otp.erts import process
from tests.support import node, postgres
from tests.support.server import config
from xmppd.config.schema import StoreSection
from xmppd.routing.sm import sm
from xmppd.store import disk_room, file_lock, pg_pool, store, store_sqlite
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve_config

#: an outage lasts longer than anybody waits
WAIT = 0.4


class Fault:
    """Breaks the database of a server, and mends it."""

    #: whether accounts can be read meanwhile
    logins = True

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
        self.path, self.patch = home / "x.sqlite3", monkeypatch
        self.section = StoreSection(path=str(self.path))

    def begin(self) -> None:
        """Break it."""

    def end(self) -> None:
        """Mend it."""

    def remove(self) -> None:
        """The test is over."""


class FileTakenAway(Fault):
    def begin(self) -> None:
        self.path.rename(self.path.with_name("away"))

    def end(self) -> None:
        self.path.with_name("away").rename(self.path)


class FileLocked(Fault):
    def begin(self) -> None:
        self.patch.setattr(store_sqlite, "PATIENCE", WAIT)
        self.other = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.other.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        self.other.execute("ROLLBACK")
        self.other.close()


class WorkerStopped(Fault):
    """Another worker was stopped in the middle of a commit: it holds the lock of the writers."""

    def begin(self) -> None:
        self.patch.setattr(store_sqlite, "PATIENCE", WAIT)
        self.lock = file_lock.FileLock(f"{self.path}-lock")
        assert self.lock.acquire(30)

    def end(self) -> None:
        self.lock.release()
        self.lock.close()


class DiskFull(Fault):
    def begin(self) -> None:
        full = SimpleNamespace(f_bavail=0, f_blocks=1 << 30, f_frsize=4096)
        self.real = disk_room.os.statvfs
        self.patch.setattr(disk_room.os, "statvfs", lambda path: full)

    def end(self) -> None:
        self.patch.setattr(disk_room.os, "statvfs", self.real)


class ServerGone(Fault):
    logins = False

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
        monkeypatch.setattr(pg_pool, "GRACE", WAIT)
        self.cluster = postgres.Cluster()
        self.section = StoreSection(backend="postgres", url=postgres.fresh(self.cluster.url))

    def begin(self) -> None:
        self.cluster.stop()

    def end(self) -> None:
        self.cluster.start()

    def remove(self) -> None:
        self.cluster.remove()


class TablesLocked(Fault):
    """Somebody repairs a table, and forgets it: each statement ends after its time."""

    logins = False

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
        monkeypatch.setattr(pg_pool, "SECONDS", WAIT)
        self.section = StoreSection(backend="postgres", url=request.getfixturevalue("pg_url"))

    def begin(self) -> None:
        self.other = psycopg.connect(self.section.url)
        self.other.execute("LOCK TABLE account, vcard, offline IN ACCESS EXCLUSIVE MODE")

    def end(self) -> None:
        self.other.close()


FAULTS: list[type[Fault]] = [FileTakenAway, FileLocked, WorkerStopped, DiskFull]
if postgres.available():
    FAULTS.append(TablesLocked)
if postgres.available() and not postgres.GIVEN:
    FAULTS.append(ServerGone)


def card(n: int) -> str:
    return f"<iq type='set' id='v{n}'><vCard xmlns='vcard-temp'><FN>{n}</FN></vCard></iq>"


async def quickly(doing: Any, seconds: float) -> Any:
    """Ten times the aim, for a busy machine."""
    began = time.monotonic()
    found = await doing
    assert time.monotonic() - began < seconds * 10
    return found


async def meanwhile(server: Server, alice: Client, bob: Client, fault: Fault) -> None:
    """What clients see during a fault."""
    for _ in range(3):
        pong = await quickly(alice.ask("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"), 0.5)
        assert pong.get("type") == "result"
    alice.send(card(2))
    answer = await quickly(alice.expect("<iq [^>]*id='v2'.*?</iq>", 60), 1 + WAIT)
    assert "type='wait'" in answer
    assert "<resource-constraint" in answer
    alice.send("<message to='carol@localhost' id='m1' type='chat'><body>lost?</body></message>")
    bounced = await quickly(alice.expect("<message [^>]*id='m1'.*?</message>", 60), 1 + WAIT)
    assert "type='error'" in bounced
    assert "resource-constraint" in bounced
    alice.send("<message to='bob@localhost' type='chat'><body>are you there</body></message>")
    await quickly(bob.expect("are you there", 60), 0.5)
    assert store.trouble() != ""
    other = await server.connect()
    await other.open()
    other.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGJvYgBzZWNyZXQ=</auth>")
    said = await other.expect("<success|<temporary-auth-failure", 60)
    assert ("success" in said) == fault.logins


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_sessions_stay_and_it_is_used_again_at_once(
    kind: type[Fault], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    fault = kind(tmp_path, monkeypatch, request)

    async def body() -> None:
        chosen = dataclasses.replace(config(tmp_path), store=fault.section)
        async with serve_config(chosen) as server:
            await server.account("carol")
            alice, bob = await server.client("alice", "desk"), await server.client("bob", "desk")
            for client in (alice, bob):
                client.send("<presence/>")  # what is kept for their stages is in memory from now on
            assert (await alice.ask(card(1))).get("type") == "result"
            await server.settle()
            fault.begin()
            await process.sleep(0.1)
            try:
                await meanwhile(server, alice, bob, fault)
            finally:
                fault.end()
            began = time.monotonic()
            while (await alice.ask(card(3), 60)).get("type") != "result":
                assert time.monotonic() - began < 20, "2 s on a machine with nothing else to do"
                await process.sleep(0.02)
            print(f"{kind.__name__}: used again after {time.monotonic() - began:.3f} s")
            assert await store.probe() == ""
            alice.send("<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>")
            await alice.expect("<FN>3</FN>", 60)
            assert {str(s.jid) for s in sm.sessions("alice@localhost") + sm.sessions("bob@localhost")} >= {
                "alice@localhost/desk", "bob@localhost/desk"
            }  # fmt: skip
            assert [alice.closed, bob.closed] == [False, False]

    try:
        node.run(body)
    finally:
        with suppress(OSError, psycopg.Error):
            fault.remove()
