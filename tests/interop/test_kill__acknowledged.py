"""Kills while messages are under way: of what a sender was told that it was taken, nothing is lost.

Two senders, one that counts and is told by `<a/>`, one that is told by answers to its requests, write to a client that
acknowledges, to one whose connection is lost, and to one that is away. Then the worker of the readers, that of the
senders, or all are killed, and all messages are looked for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import Booted
from tests.support.wire import Ended, Silence, Wire, local

SM = "urn:xmpp:sm:3"
#: seconds of load before a kill, and within which a reader has what is its own
LOAD, BACK = 0.8, 20.0


@dataclass
class Sender:
    """`told`: how many of its messages are acknowledged, in the order of sending; `seen`: answers, or `h`."""

    wire: Wire
    counts: bool
    sent: list[str] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    told: int = 0

    def write(self, to: list[str], number: int) -> None:
        """One message to each, and a question whether they were taken."""
        name = "sm" if self.counts else "iq"
        text = ""
        for jid in to:
            body = f"{name} {number} {jid}"
            self.sent.append(body)
            text += f"<message to='{jid}' type='chat' id='{len(self.sent)}'><body>{body}</body></message>"
        mark = f"m{number}"
        self.marks[mark] = len(self.sent)
        ask = f"<r xmlns='{SM}'/>" if self.counts else f"<iq type='get' id='{mark}'><ping xmlns='urn:xmpp:ping'/></iq>"
        self.wire.send(text + ask)

    def hear(self) -> None:
        for element in waiting(self.wire):
            if self.counts and local(element) == "a":
                self.told = max(self.told, int(element.get("h") or 0))
            elif local(element) == "iq" and element.get("type") == "result":
                self.told = max(self.told, self.marks[element.get("id") or ""])


@dataclass
class Reader:
    """`got`: the bodies that came; `h`: stanzas on its stream, whose id is `id`."""

    user: str
    wire: Wire
    id: str = ""
    h: int = 0
    got: list[str] = field(default_factory=list)

    def enable(self) -> None:
        self.wire.send(f"<enable xmlns='{SM}' resume='true'/>")
        self.id = self.wire.next().get("id") or ""

    def hear(self, acknowledges: bool = True) -> None:
        for element in waiting(self.wire):
            if local(element) in ("message", "presence", "iq"):
                self.h += 1
                if local(element) == "message":
                    self.got.append(element.findtext("{jabber:client}body") or "")
            elif local(element) == "r" and acknowledges:
                with contextlib.suppress(OSError):
                    self.wire.send(f"<a xmlns='{SM}' h='{self.h}'/>")

    def come_back(self, server: Booted) -> None:
        """Resumes, or begins anew, whichever it may."""
        self.wire = server.wire()
        self.wire.open()
        self.wire.authenticate(self.user, "secret")
        self.wire.open()
        if self.id:
            self.wire.send(f"<resume xmlns='{SM}' previd='{self.id}' h='{self.h}'/>")
            if local(self.wire.next()) == "resumed":
                return
        self.wire.bind("again")
        self.h = 0
        self.enable()
        self.wire.send("<presence/>")


def waiting(wire: Wire) -> list[Element]:
    try:
        return list(wire.waiting())
    except (OSError, Ended, Silence):
        return []


def play(server: Booted, victims: tuple[str, ...]) -> tuple[list[Sender], list[Reader]]:
    """Load, a kill in the middle of it, and all readers come back."""
    users = [server.account(stem) for stem in ("attached", "lost", "away")]
    attached = Reader(users[0], server.on_worker("w2", users[0], "r"))
    lost = Reader(users[1], server.on_worker("w2", users[1], "r"))
    for reader in (attached, lost):
        reader.enable()
        reader.wire.send("<presence/>")
    away = Reader(users[2], attached.wire)
    senders = [Sender(server.on_worker("w1", server.account("sender"), "s"), counts) for counts in (True, False)]
    senders[0].wire.send(f"<enable xmlns='{SM}'/>")
    assert local(senders[0].wire.next()) == "enabled"
    jids = [attached.wire.jid, lost.wire.jid, f"{users[2]}@localhost"]
    began, number = time.monotonic(), 0
    while time.monotonic() < began + LOAD:
        if number == 20:
            lost.hear(acknowledges=False)
            lost.wire.drop()
        for sender in senders:
            sender.write(jids, number)
        number += 1
        time.sleep(0.01)
        attached.hear()
        for sender in senders:
            sender.hear()
    pids = server.worker_pids()
    for sender in senders:  # what is under way at the kill
        sender.write(jids, number)
    for name in victims:
        os.kill(pids[name], signal.SIGKILL)
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        time.sleep(0.02)
        attached.hear()
        for sender in senders:
            sender.hear()
    server.await_workers(lambda now: len(now) == 2 and all(now[name] != pids[name] for name in victims))
    for reader in (attached, lost, away):
        with contextlib.suppress(OSError):
            if reader is not attached or "w2" in victims:
                reader.come_back(server)
    return senders, [attached, lost, away]


@pytest.mark.parametrize("victims", [("w2",), ("w1",), ("w1", "w2")], ids=["readers", "senders", "all"])
def test_nothing_of_which_a_sender_was_told_is_lost(tmp_path: Path, victims: tuple[str, ...]) -> None:
    with Booted.start(tmp_path, workers=2) as server:
        senders, readers = play(server, victims)
        told = [body for sender in senders for body in sender.sent[: sender.told]]
        assert len(told) > 60, "too little was acknowledged to say anything"
        assert all(sender.told > 20 for sender in senders)

        def missing() -> list[str]:
            for reader in readers:
                reader.hear()
            got = {body for reader in readers for body in reader.got}
            return [body for body in told if body not in got]

        until = time.monotonic() + BACK
        while missing() and time.monotonic() < until:
            time.sleep(0.05)
        assert missing() == [], f"of {len(told)}"
        time.sleep(0.3)
        missing()
        counted = Counter(body for reader in readers for body in reader.got)
        twice = [body for body, count in counted.items() if count > 1]
        print(f"{victims}: sent {sum(len(s.sent) for s in senders)}, told {len(told)}, twice {len(twice)}: {twice[:6]}")
        server.drop_all()
