"""test_previous — from the previous release to this one: its database is taken over, with all that is in it.

The fixtures in tests/release/previous are what the previous release has left; make.py there says how they were made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres
from tests.support.booted import Booted
from tests.support.wire import ROSTER

HERE = Path(__file__).parent / "previous"
SM = "urn:xmpp:sm:3"


@pytest.fixture
def old_sqlite(tmp_path: Path) -> str:
    """The database file of a home; the lines of the configuration."""
    file = tmp_path / "home" / "data" / "xmppd.sqlite3"
    file.parent.mkdir(parents=True, mode=0o700)
    with sqlite3.connect(file) as base:
        base.executescript((HERE / "sqlite.sql").read_text())
    base.close()
    return '[store]\nbackend = "sqlite"'


@pytest.fixture
def old_postgres() -> Iterator[str]:
    """A cluster with the database; the lines of the configuration."""
    if not postgres.available() or postgres.BIN is None:
        pytest.skip("no PostgreSQL here")
    cluster = postgres.Cluster()
    try:
        url = f"host={cluster.folder} user=xmppd dbname=postgres"
        with psycopg.connect(url, autocommit=True) as base:
            base.execute((HERE / "postgres.sql").read_bytes())
        yield f'[store]\nbackend = "postgres"\nurl = "{url}"'
    finally:
        cluster.remove()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_all_that_the_previous_release_has_stored_is_there(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store: str = request.getfixturevalue(f"old_{kind}")
    with Booted.start(tmp_path, workers=2, more=store) as server:
        alice = server.wire().login("alice", "secret", mechanism="SCRAM-SHA-256")
        roster = alice.ask("get", f"<query xmlns='{ROSTER}'/>")
        (item,) = roster.iter(f"{{{ROSTER}}}item")
        assert (item.get("jid"), item.get("name"), item.get("subscription")) == (
            "bob@localhost", "Bob the Builder", "both",
        )  # fmt: skip
        assert item.findtext(f"{{{ROSTER}}}group") == "Friends"
        assert alice.ask("get", "<vCard xmlns='vcard-temp'/>").findtext(".//{vcard-temp}FN") == "Alice Liddell"
        note = alice.ask("get", "<query xmlns='jabber:iq:private'><note xmlns='urn:example:notes'/></query>")
        assert note.findtext(".//{urn:example:notes}note") == "buy tea"
        alice.send("<presence/>")
        bodies: list[str] = []
        while len(bodies) < 3:
            element = alice.next()
            bodies += [text] if (text := element.findtext("{jabber:client}body")) else []
        assert bodies == ["stored 0", "stored 1", "stored 2"]
        alice.close()
        assert not [line for line in server.log().splitlines() if "CRITICAL" in line or "Traceback" in line]
        # and what is new is in it: a session that can be resumed
        bob = server.wire().login("bob", "secret")
        bob.send(f"<enable xmlns='{SM}' resume='true'/>")
        assert bob.next().get("id")
        server.drop_all()
