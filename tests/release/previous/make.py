"""Makes the fixtures of test_previous with a release: what its databases hold after people have used it, as SQL.

    python -m tests.release.previous.make RELEASE     # a folder that `make rel` of the previous version has built

writes sqlite.sql and postgres.sql beside itself (the latter with pg_dump, where PostgreSQL is installed). Run it before
a release, so that the next version is tested with what this one has left.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import postgres
from tests.support.booted import free_ports
from tests.support.wire import Wire

HERE = Path(__file__).parent
CONFIG = """
workers = 1
[store]
backend = "{backend}"
{url}
[limits]
drain_seconds = 0
[[listen]]
module = "c2s"
ip = "127.0.0.1"
port = {port}
tls = "optional"
plain_without_tls = true
"""


def said(wire: Wire, *stanzas: str) -> None:
    """Send, and wait until all of it was done."""
    wire.send("".join(stanzas) + "<iq type='get' id='mark' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    while wire.next().get("id") != "mark":
        pass


def use(port: int) -> None:
    """Be the people: contacts, a card, private data, messages for somebody who is away."""
    item = "<item jid='bob@localhost' name='Bob the Builder'><group>Friends</group></item>"
    with Wire(port) as alice, Wire(port) as bob:
        alice.login("alice", "secret", "home")
        bob.login("bob", "secret", "home")
        said(bob, "<presence/>")
        said(alice, "<presence/>", f"<iq type='set' id='r'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
        said(alice, "<presence type='subscribe' to='bob@localhost'/>")
        said(bob, "<presence type='subscribed' to='alice@localhost'/>")
        said(bob, "<presence type='subscribe' to='alice@localhost'/>")
        said(alice, "<presence type='subscribed' to='bob@localhost'/>")
        said(alice, "<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Alice Liddell</FN></vCard></iq>")
        note = "<note xmlns='urn:example:notes'>buy tea</note>"
        said(alice, f"<iq type='set' id='p'><query xmlns='jabber:iq:private'>{note}</query></iq>")
    with Wire(port) as bob:
        bob.login("bob", "secret", "home")
        for number in range(3):
            said(bob, f"<message to='alice@localhost' type='chat'><body>stored {number}</body></message>")


def run(release: Path, folder: Path, backend: str, url: str = "") -> None:
    """Run the release on a new database, use it, and stop it."""
    file, (port,) = folder / "xmppd.toml", free_ports(1)
    file.write_text(CONFIG.format(backend=backend, port=port, url=f'url = "{url}"' if url else ""))
    command = [str(release / "xmppd"), "--home", str(folder / "home"), "--config", str(file)]
    for words in (["start"], ["user", "add", "alice", "secret"], ["user", "add", "bob", "secret"]):
        subprocess.run([*command, *words], check=True)
    use(port)
    subprocess.run([*command, "stop"], check=True)


def main(release: Path) -> None:
    """Make both."""
    with tempfile.TemporaryDirectory() as name:
        run(release, Path(name), "sqlite")
        with sqlite3.connect(Path(name) / "home" / "data" / "xmppd.sqlite3") as base:
            (HERE / "sqlite.sql").write_text("\n".join(base.iterdump()) + "\n")
    if postgres.BIN is None:
        return
    cluster = postgres.Cluster()
    try:
        with tempfile.TemporaryDirectory() as name:
            run(release, Path(name), "postgres", f"host={cluster.folder} user=xmppd dbname=postgres")
        dump = [
            str(postgres.BIN / "pg_dump"),
            "-h",
            cluster.folder,
            "-U",
            "xmppd",
            "--inserts",
            "--no-owner",
            "postgres",
        ]
        text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
        # settings of that PostgreSQL, and commands for psql, say nothing of the server
        kept = re.sub(r"^(--.*|\\.*|SET .*|SELECT pg_catalog.*)\n", "", text, flags=re.MULTILINE)
        (HERE / "postgres.sql").write_text(re.sub(r"\n{2,}", "\n", kept))
    finally:
        cluster.remove()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
