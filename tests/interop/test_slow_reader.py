"""A client that does not read: what is sent to it costs the server little, and is not lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import Booted
from tests.support.wire import Ended, Wire

PING = "<ping xmlns='urn:xmpp:ping'/>"
SIZE, COUNT = 200_000, 120


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Booted]:
    with Booted.start(tmp_path, workers=1) as server:
        yield server
        server.drop_all()


def peak(pid: int, since_now: bool = False) -> int:
    """The most memory that a process has held, in bytes; `since_now` forgets what was before."""
    if since_now:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024


@pytest.mark.parametrize("managed", [False, True], ids=["plain", "managed"])
def test_24_megabytes_to_who_does_not_read_wait_in_the_store_and_not_in_memory(alone: Booted, managed: bool) -> None:
    name = alone.account("sleeper")
    sleeper = alone.client(user=name)
    if managed:
        sleeper.send("<enable xmlns='urn:xmpp:sm:3'/>")
        sleeper.next()
    sleeper.online()
    sender = alone.client("sender")
    text = "x" * SIZE
    for number in range(5):  # what one such message takes on its way is no part of the question
        sender.send(f"<message to='{sender.jid}' type='chat'><body>{number} {text}</body></message>")
        sender.next()
    pid = alone.worker_pids()["w1"]
    before = peak(pid, since_now=True)
    for number in range(COUNT):
        sender.send(f"<message to='{sleeper.bare}' type='chat'><body>{number} {text}</body></message>")
    assert sender.ask("get", PING).get("type") == "result"
    alone.settled(lambda: not alone.sessions(name))
    cost = peak(pid) - before
    got = numbers(sleeper)  # what it had been sent before it stopped to read; it may be too late for the last words
    again = alone.client(user=name)
    again.send("<presence/>")
    while len(got) < COUNT:
        got |= number_of(again.next())
    # about 7.5, and 16 with stream management, whatever COUNT is; 44, twice as much with twice as many, without bounds
    assert cost < 24 << 20


def number_of(element: Element) -> set[int]:
    """Which of the messages this is."""
    body = element.findtext("{jabber:client}body")
    return {int(body.partition(" ")[0])} if body is not None else set()


def numbers(wire: Wire) -> set[int]:
    """Which messages come until the stream ends."""
    found: set[int] = set()
    with contextlib.suppress(Ended):
        while True:
            found |= number_of(wire.next())
    return found
