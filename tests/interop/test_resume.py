"""A session goes on over another worker, after the death of its own, of all, and after a restart: nothing is lost,
nothing comes twice, and its contacts see nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.phone import Phone
from tests.support.wire import Ended

FRIENDLY = "<presence type='subscribed' to='{0}'/><presence type='subscribe' to='{0}'/>"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Booted]:
    """A server that does not survive in one piece."""
    with Booted.start(tmp_path, workers=2) as server:
        yield server
        server.drop_all()


def message(to: str, text: object) -> str:
    return f"<message to='{to}' type='chat'><body>{text}</body></message>"


def phone(server: Booted, stem: str, worker: str, resource: str = "r") -> Phone:
    """Online on that worker, with stream management."""
    user = server.account(stem)
    found = Phone(server, user, server.on_worker(worker, user, resource))
    found.say("<presence/>")
    found.safe()
    return found


def friends(server: Booted, one: str = "w1", other: str = "w2") -> tuple[Phone, Phone]:
    """Two who see each other."""
    romeo, juliet = phone(server, "romeo", one), phone(server, "juliet", other)
    for _ in range(2):
        romeo.say(f"<presence type='subscribe' to='{juliet.user}@localhost'/>")
        romeo.say(f"<presence type='subscribed' to='{juliet.user}@localhost'/>")
        romeo.safe()
        juliet.say(f"<presence type='subscribe' to='{romeo.user}@localhost'/>")
        juliet.say(f"<presence type='subscribed' to='{romeo.user}@localhost'/>")
        juliet.safe()
    romeo.read_what_is_there()
    juliet.read_what_is_there()
    return romeo, juliet


def where(server: Booted, one: Phone) -> str:
    return server.sessions(one.user)[one.jid]


def kill(server: Booted, *workers: str) -> None:
    pids = server.worker_pids()
    for name in workers:
        os.kill(pids[name], signal.SIGKILL)


def test_from_worker_to_worker_in_order_and_once(server: Booted) -> None:
    romeo, juliet = friends(server)
    seen, number = set(), 0
    for _ in range(64):
        seen.add(where(server, romeo))
        for _ in range(5):
            juliet.say(message(romeo.jid, number))
            number += 1
        romeo.drop()
        juliet.say(message(f"{romeo.user}@localhost", number))
        number += 1
        assert romeo.back()
        juliet.say(message(romeo.jid, number))
        number += 1
        if len(seen) == 2 and number > 80:
            break
    juliet.say(message(romeo.jid, "end"))
    romeo.read_until("end")
    assert romeo.bodies == [*map(str, range(number)), "end"]
    assert seen == {"w1", "w2"}
    juliet.safe()
    juliet.read_what_is_there()
    assert juliet.gone == []


def test_of_two_that_come_at_once_one_has_it_and_the_other_hears_of_a_conflict(server: Booted) -> None:
    romeo, juliet = friends(server)
    juliet.say(*[message(romeo.jid, n) for n in range(20)])
    for _ in range(6):
        romeo.drop()
        twins = [Phone.__new__(Phone) for _ in range(2)]
        for twin in twins:
            twin.__dict__ |= {**romeo.__dict__, "bodies": list(romeo.bodies), "gone": []}
            twin.connect()
        found: dict[int, bool] = {}

        def ask(n: int, twins: list[Phone] = twins, found: dict[int, bool] = found) -> None:
            try:
                found[n] = twins[n].resume()
            except Ended:  # the other one had it before this one was answered
                found[n] = False

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert any(found.values())
        for twin in twins:
            twin.read_what_is_there()
        alive = [twin for n, twin in enumerate(twins) if found[n] and not twin.wire.reader.ended and not twin.wire.gone]
        assert len(alive) == 1, found
        romeo = alive[0]
    juliet.say(message(romeo.jid, "end"))
    romeo.read_until("end")
    assert romeo.bodies == [*map(str, range(20)), "end"]
    juliet.read_what_is_there()
    assert juliet.gone == []


def test_a_worker_is_killed(own: Booted) -> None:
    romeo, juliet = friends(own, "w1", "w2")
    mercutio = phone(own, "mercutio", "w1")
    mercutio.drop()
    own.settled(lambda: not mercutio_attached(own, mercutio))
    juliet.say(*[message(romeo.jid, n) for n in range(10)], *[message(mercutio.jid, n) for n in range(10)])
    juliet.safe()
    kill(own, "w1")
    juliet.say(message(romeo.jid, 10), message(mercutio.jid, 10))
    took = romeo.back_within()
    print(f"resumed {took:.3f} s after kill -9 of its worker")
    mercutio.back_within()
    juliet.say(message(romeo.jid, "end"), message(mercutio.jid, "end"))
    juliet.safe()
    for one in (romeo, mercutio):
        one.read_until("end")
        assert one.bodies == [*map(str, range(11)), "end"]
    juliet.read_what_is_there()
    assert juliet.gone == []
    romeo.wire.close()
    juliet.say(message(f"{juliet.user}@localhost", "after"))
    juliet.read_until("after")
    own.settled(lambda: juliet.gone == [romeo.jid] or (juliet.read_what_is_there() or False))


def mercutio_attached(server: Booted, one: Phone) -> bool:
    source = (
        f"[s.attached for s in __import__('xmppd.routing.sm.sm', fromlist=['sm']).sessions('{one.user}@localhost')]"
    )
    return server.eval(source) == "[True]"


def test_all_workers_are_killed(own: Booted) -> None:
    romeo, juliet = friends(own, "w1", "w2")
    romeo.drop()
    own.settled(lambda: not mercutio_attached(own, romeo))
    juliet.say(*[message(romeo.jid, n) for n in range(10)])
    juliet.safe()
    kill(own, "w1", "w2")
    began = time.monotonic()
    juliet.drop()
    juliet.back_within()
    print(f"resumed {time.monotonic() - began:.3f} s after kill -9 of all workers")
    juliet.say(message(romeo.jid, "end"))
    romeo.back_within()
    romeo.read_until("end")
    assert romeo.bodies == [*map(str, range(10)), "end"]
    juliet.read_what_is_there()
    romeo.read_what_is_there()
    assert (juliet.gone, romeo.gone) == ([], [])


def test_the_whole_server_is_killed_and_started(own: Booted) -> None:
    romeo, juliet = friends(own, "w1", "w2")
    juliet.say(*[message(romeo.jid, n) for n in range(10)])
    juliet.safe()
    pids = [own.process.pid, *own.worker_pids().values()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    own.process.wait()
    began = time.monotonic()
    own.again()
    romeo.back_within()
    print(f"resumed {time.monotonic() - began:.3f} s after the start that followed kill -9 of everything")
    juliet.back_within()
    juliet.say(message(romeo.jid, "end"))
    romeo.read_until("end")
    assert romeo.bodies == [*map(str, range(10)), "end"]
    juliet.read_what_is_there()
    assert juliet.gone == []


def test_a_restart_keeps_sessions(own: Booted) -> None:
    romeo, juliet = friends(own, "w1", "w2")
    romeo.drop()
    own.settled(lambda: not mercutio_attached(own, romeo))
    juliet.say(*[message(romeo.jid, n) for n in range(10)])
    juliet.safe()
    own.stop()
    own.again()
    romeo.back_within()
    juliet.back_within()
    juliet.say(message(romeo.jid, "end"))
    romeo.read_until("end")
    assert romeo.bodies == [*map(str, range(10)), "end"]
    juliet.read_what_is_there()
    assert juliet.gone == []
