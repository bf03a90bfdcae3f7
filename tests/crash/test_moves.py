"""A session moves to a worker that is killed on the way: it is where it was, or found again, and nothing is lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from tests.crash.restarts import lives
from tests.interop.test_resume import friends, message, where
from tests.support.booted import Booted
from tests.support.phone import Phone
from tests.support.wire import Ended, Silence

POINTS = ("surrender.answered", "resume.before_commit", "resume.after_commit")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("moves"), 2, limits="worker_restarts = 1000") as server:
        yield server
        server.drop_all()


def dies_with(server: Booted, romeo: Phone, point: str) -> None:
    """His session moves from the worker where it is to the other one, which is killed there."""
    has = where(server, romeo)
    takes = "w2" if has == "w1" else "w1"
    pid = server.await_workers(lambda now: set(now) == {"w1", "w2"})[takes]
    server.eval(f"from xmppd import crash_points; crash_points.arm('{point}:1')", takes)
    until = time.monotonic() + 60.0
    while lives(pid):
        assert time.monotonic() < until, "no connection lands there"
        romeo.drop()
        with contextlib.suppress(OSError, Ended, Silence):
            assert romeo.back(), "the session is not there any more"
            assert where(server, romeo) == has or not lives(pid)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_takes_a_session_is_killed(own: Booted, point: str) -> None:
    romeo, juliet = friends(own, "w1", "w1")
    romeo.safe()
    romeo.drop()
    juliet.say(*[message(romeo.jid, number) for number in range(20)])
    juliet.safe()
    dies_with(own, romeo, point)
    with contextlib.suppress(Ended, Silence):  # if she was with the one that was killed
        juliet.say(message(romeo.jid, 20))
        juliet.safe()
    romeo.back_within()
    romeo.read_until("19")
    assert [body for body in romeo.bodies if body != "20"] == [*map(str, range(20))]
    assert juliet.gone == []


@pytest.mark.parametrize("point", POINTS)
def test_what_is_stored_for_it_and_on_its_way_to_it_comes_as_well(own: Booted, point: str) -> None:
    romeo, juliet = friends(own, "w1", "w1")
    romeo.wire.send("<presence type='unavailable'/></stream:stream>")
    with contextlib.suppress(Ended, Silence):
        romeo.read_until("the end of the stream", 5.0)
    own.settled(lambda: romeo.jid not in own.sessions(romeo.user))
    juliet.say(*[message(f"{romeo.user}@localhost", number) for number in range(20)])
    juliet.safe()
    again = Phone(own, romeo.user, own.on_worker("w1", romeo.user, "r"))
    again.say("<presence/>")
    time.sleep(0.3)  # it is written to the connection; the client never says that it has it
    dies_with(own, again, point)
    again.back_within()
    again.read_until("19", 20.0)
    assert [*dict.fromkeys(again.bodies)] == [*map(str, range(20))]
