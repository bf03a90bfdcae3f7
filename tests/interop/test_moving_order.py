"""A session moves from worker to worker while its stages are slow and somebody writes to it: all comes once, in order,
and what the session itself says meanwhile is held up by nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.interop.test_resume import friends, message
from tests.support.booted import Booted
from tests.support.phone import Phone

PAIRS, ROUNDS, AT_ONCE = 4, 14, 5
SLOW = '"tests.support.mod_slow" = {}\n'


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("slow"), workers=2, more=SLOW) as server:
        yield server


class Played(threading.Thread):
    """Juliet writes to romeo, who loses his connection in each round, comes back, wherever that is, and answers."""

    def __init__(self, server: Booted, number: int) -> None:
        super().__init__(name=f"pair {number}")
        self.romeo, self.juliet = friends(server, "w1", "w2" if number % 2 else "w1")
        self.count, self.said = 0, list[str]()
        self.waits, self.error = list[float](), ""

    def run(self) -> None:
        try:
            self.play()
        except BaseException as error:
            self.error = repr(error)

    def play(self) -> None:
        romeo, juliet = self.romeo, self.juliet
        romeo.safe()
        first = romeo.told
        for number in range(ROUNDS):
            for _ in range(AT_ONCE):
                self.write(romeo.jid)
            romeo.drop()
            self.write(f"{romeo.user}@localhost")
            began = time.monotonic()
            assert romeo.back()
            self.waits.append(time.monotonic() - began)
            self.said.append(f"answer {number}")
            romeo.sent = romeo.told  # what the server has not taken is said again
            romeo.say(*[message(juliet.jid, text) for text in self.said[romeo.told - first :]])
            self.write(romeo.jid)
        juliet.say(message(romeo.jid, "end"))
        romeo.read_until("end", 60)
        romeo.safe(60)
        juliet.safe(60)
        juliet.read_what_is_there()

    def write(self, to: str) -> None:
        self.juliet.say(message(to, self.count))
        self.count += 1


def answers(juliet: Phone) -> list[str]:
    """Each once: what the server had, and the client did not know of, is said twice."""
    return list(dict.fromkeys(text for text in juliet.bodies if text.startswith("answer")))


def test_in_order_and_once_though_each_stage_may_be_slow(slow: Booted) -> None:
    pairs = [Played(slow, number) for number in range(PAIRS)]
    for pair in pairs:
        pair.start()
    for pair in pairs:
        pair.join()
    assert [pair.error for pair in pairs if pair.error] == []
    for pair in pairs:
        assert pair.romeo.bodies == [*map(str, range(pair.count)), "end"]
        assert answers(pair.juliet) == pair.said
        # two waits of stream management, 1 s and 2 s, are within its rules: longer ones are processes that wait for
        # each other until one gives up
        assert max(pair.waits) < 4.5, pair.waits
