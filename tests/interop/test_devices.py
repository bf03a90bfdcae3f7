"""Two devices of one account, of which one loses its worker: what the other has sent and got meanwhile comes to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.interop.test_resume import message, phone
from tests.support.booted import Booted
from tests.support.phone import Phone

ENABLE = "<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
BODY = "{jabber:client}body"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("devices"), 2) as server:
        yield server
        server.drop_all()


class Device(Phone):
    """`copies`: the bodies that have come within carbons."""

    def __init__(self, server: Booted, user: str, worker: str) -> None:
        self.copies: list[str] = []
        super().__init__(server, user, server.on_worker(worker, user, "tablet"))
        self.say("<presence/>", ENABLE)
        self.safe()

    def _take(self, *args: float):  # type: ignore[no-untyped-def]  # as what it overrides
        element = super()._take(*args)
        if element.find("*/{urn:xmpp:forward:0}forwarded") is not None:
            self.copies += [body.text or "" for body in element.iter(BODY)]
        return element

    def read_copies(self, last: str) -> None:
        while last not in self.copies:
            self._take()


def test_what_is_copied_while_its_worker_dies_comes_when_it_is_back(own: Booted) -> None:
    juliet, romeo = phone(own, "juliet", "w1"), phone(own, "romeo", "w1")
    tablet = Device(own, romeo.user, "w2")
    juliet.say(message(romeo.jid, "begin"))
    tablet.read_copies("begin")
    tablet.safe()
    pid = own.worker_pids()["w2"]
    os.kill(pid, signal.SIGSTOP)  # so that copies are on their way to it, and no further
    juliet.say(*[message(romeo.jid, f"got {number}") for number in range(20)])
    romeo.say(*[message(juliet.jid, f"said {number}") for number in range(20)])
    romeo.read_until("got 19")
    juliet.read_until("said 19")
    os.kill(pid, signal.SIGKILL)
    juliet.safe(20.0)
    romeo.safe(20.0)
    tablet.drop()
    tablet.back_within()
    tablet.read_copies("got 19")
    tablet.read_copies("said 19")
    for way in ("got", "said"):
        assert [text for text in tablet.copies if text.startswith(way)] == [f"{way} {number}" for number in range(20)]
