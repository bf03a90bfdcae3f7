"""Accounts whose homes are two workers write to each other, and all want to know what is safe: no home waits for one
that waits for it."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.support.booted import Booted
from tests.support.wire import Wire, condition, local, show

PING = "<ping xmlns='urn:xmpp:ping'/>"
BLOCKING = "urn:xmpp:blocking"
#: stanzas of each client; seconds, ten times what they take
COUNT, PATIENCE = 60, 20.0


def said(chance: random.Random, number: int, others: list[str]) -> str:
    """A message, a ping, or a block that somebody's messages run into."""
    to = chance.choice(others)
    verb = chance.choice(["block", "unblock"])
    return chance.choice([
        f"<message to='{to}' type='chat' id='m{number}'><body>{number}</body></message>",
        f"<iq type='get' id='p{number}'>{PING}</iq>",
        f"<iq type='set' id='b{number}'><{verb} xmlns='{BLOCKING}'><item jid='{to}'/></{verb}></iq>",
    ])  # fmt: skip


def test_all_are_answered(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2) as server:
        chance = random.Random(1)
        names = [server.account(name) for name in ("alice", "bob", "dora", "emil")]
        jids = [f"{name}@localhost" for name in names]
        places = [(name, f"w{(n + k) % 2 + 1}", f"r{k}") for n, name in enumerate(names) for k in range(2)]
        clients = [server.on_worker(worker, name, resource).online() for name, worker, resource in places]
        began = time.monotonic()
        for number in range(COUNT):
            for client in clients:
                client.send(said(chance, number, jids))
        for client in clients:
            client.send(f"<iq type='get' id='end'>{PING}</iq>")
        assert [error for client in clients for error in until_the_end(client)] == []
        assert time.monotonic() - began < PATIENCE
        server.drop_all()


def until_the_end(client: Wire) -> list[str]:
    """What the server could not do in time."""
    found = []
    while (element := client.next(PATIENCE)).get("id") != "end" or local(element) != "iq":
        if element.get("type") == "error" and condition(element) in ("resource-constraint", "internal-server-error"):
            found.append(show(element))
    return found
