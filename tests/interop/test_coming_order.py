"""Somebody comes and goes while others write to him: what is stored comes before what is said later."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator

import pytest

from tests.interop.test_resume import message, phone
from tests.support.booted import Booted
from tests.support.phone import Phone
from tests.support.wire import Ended, Silence

ROUNDS = 16


class Writer(threading.Thread):
    """Writes to an account all the time, a few messages in one go."""

    def __init__(self, own: Phone, to: str) -> None:
        super().__init__(name=own.user)
        self.own, self.to, self.count, self.over = own, to, 0, threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            texts = [f"{self.own.user} {number}" for number in range(self.count, self.count + 3)]
            self.count += 3
            self.own.say(*[message(self.to, text) for text in texts])
            time.sleep(0.004)
        self.own.safe(60.0)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("coming"), workers=1) as server:
        yield server


def test_stored_messages_come_before_later_ones(alone: Booted) -> None:
    server, chance, romeo = alone, random.Random(7), alone.account("romeo")
    writers = [Writer(phone(server, "juliet", "w1"), f"{romeo}@localhost") for _ in range(2)]
    for writer in writers:
        writer.start()
    came: list[str] = []
    try:
        for _ in range(ROUNDS):
            came += visit(server, romeo, chance.random() * 0.1)
            time.sleep(chance.random() * 0.05)
    finally:
        for writer in writers:
            writer.over.set()
            writer.join()
    came += visit(server, romeo, 8.0)
    for writer in writers:
        numbers = [int(text.split()[1]) for text in dict.fromkeys(came) if text.split()[0] == writer.own.user]
        assert numbers == [*range(writer.count)]


def visit(server: Booted, user: str, seconds: float) -> list[str]:
    """He logs in, reads for so long, and leaves in order; what came."""
    one = Phone(server, user, server.client(user=user))
    one.say("<presence/>")
    until = time.monotonic() + seconds
    with contextlib.suppress(Silence):
        while (left := until - time.monotonic()) > 0:
            one._take(left)
    one.wire.send(f"<a xmlns='urn:xmpp:sm:3' h='{one.got}'/></stream:stream>")
    with contextlib.suppress(Silence, Ended):
        while True:
            one._take(5.0)
    return one.bodies
