"""Between workers nothing is thrown away: one that is killed or frozen, one that is flooded, and who is on the others.

Each test here has a server of its own, since it does not survive in one piece.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import Booted
from tests.support.wire import Wire, condition, local
from xmppd.commands import CommandError

PING = "<ping xmlns='urn:xmpp:ping'/>"
MORE = "[node]\nrestart_seconds = 12"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Booted]:
    limits = "offline_messages = 20000"  # a stranger may leave half of it; a fast machine sends thousands
    with Booted.start(tmp_path, workers=2, more=MORE, limits=limits) as server:
        yield server
        for pid in server.worker_pids().values():
            os.kill(pid, signal.SIGCONT)
        server.drop_all()


def two(server: Booted) -> tuple[Wire, Wire]:
    """A user on each worker."""
    one, other = server.account("romeo"), server.account("juliet")
    return server.on_worker("w1", one, "r").online(), server.on_worker("w2", other, "j").online()


class Letters:
    """Numbered messages of one client to another, and what becomes of them."""

    def __init__(self, from_: Wire, to: Wire) -> None:
        self.from_, self.to = from_, to
        self.sent = 0
        self.back: dict[str, str | None] = {}  # number -> condition

    def send(self, count: int, padding: int = 0) -> None:
        words = "x" * padding
        for _ in range(count):
            body = f"<body>{self.sent}</body><thread>{words}</thread>"
            self.from_.send(f"<message to='{self.to.jid}' type='chat' id='{self.sent}'>{body}</message>")
            self.sent += 1

    def dealt_with(self) -> None:
        """Wait until the server has dealt with all that were sent: it answers what came after them."""
        self.from_.send(f"<iq type='get' id='dealt-with'>{PING}</iq>")
        until = time.monotonic() + 40
        while (element := self.from_.next(until - time.monotonic())).get("id") != "dealt-with":
            self._take(element)

    def look(self) -> None:
        """See which have come back by now."""
        for element in self.from_.waiting():
            self._take(element)

    def _take(self, element: Element) -> None:
        if local(element) == "message" and element.get("type") == "error":
            ident = element.get("id") or ""
            assert ident not in self.back, "one came back twice"
            self.back[ident] = condition(element)

    @staticmethod
    def read(client: Wire) -> list[str]:
        """The numbers of those that have come to a client by now, in order."""
        found = [element for element in client.waiting() if local(element) == "message"]
        assert all(element.get("type") != "error" for element in found)
        return [element.get("id") or "" for element in found]


def settled(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    Booted.settled(condition, seconds)


def is_up(server: Booted, name: str, but: int = 0) -> bool:
    with contextlib.suppress(CommandError):
        return server.worker_pids().get(name) not in (None, but)
    return False


def test_of_what_was_on_its_way_to_a_killed_worker_each_message_is_kept_or_comes_back(server: Booted) -> None:
    romeo, juliet = two(server)
    letters = Letters(romeo, juliet)
    letters.send(10)
    came: list[str] = []
    settled(lambda: len(came.extend(letters.read(juliet)) or came) == 10)
    letters.dealt_with()  # what is acknowledged does not come again
    os.kill(server.worker_pids()["w2"], signal.SIGSTOP)
    letters.send(400, padding=2000)
    time.sleep(0.5)  # some are in the link, and the sender waits for it with the others
    kill(server, "w2")
    letters.send(10)
    letters.dealt_with()

    again = server.client(user=juliet.bare.partition("@")[0])
    again.send("<presence/>")
    kept: list[str] = []

    def all_known() -> bool:
        letters.look()
        kept.extend(letters.read(again))
        return len(letters.back) + len(kept) >= letters.sent - 10

    settled(all_known)
    assert len(set(kept)) == len(kept)
    assert not set(kept) & letters.back.keys()
    assert sorted([*came, *letters.back, *kept], key=int) == [str(number) for number in range(letters.sent)]
    assert set(letters.back.values()) <= {"resource-constraint"}
    assert kept == sorted(kept, key=int)
    assert "410" in kept  # what was sent after the kill is stored as for anybody who is away


def kill(server: Booted, name: str) -> None:
    """Kill a worker that may be frozen: its pid is in the log."""
    lines = [line for line in server.log().splitlines() if f"{name} started as OS process" in line]
    os.kill(int(lines[-1].rpartition(" ")[2]), signal.SIGKILL)


def test_a_frozen_worker_is_found_out_hurts_nobody_and_comes_back_if_it_wakes_or_is_killed(server: Booted) -> None:
    romeo, juliet = two(server)
    nurse = server.on_worker("w1", server.account("nurse"), "n").online()
    letters = Letters(romeo, juliet)
    before = server.worker_pids()["w2"]
    os.kill(before, signal.SIGSTOP)
    worst = 0.0
    while "w2 gives no sign of life" not in server.log():
        letters.send(20)  # little: she reads nothing of it before it has all come
        begun = time.monotonic()
        assert nurse.ask("get", PING).get("type") == "result"
        worst = max(worst, time.monotonic() - begun)
        time.sleep(0.1)
    assert worst < 4.0
    for _ in range(16):  # whoever comes now finds the worker that serves
        server.wire().open()
    letters.send(5)
    os.kill(before, signal.SIGCONT)
    settled(lambda: is_up(server, "w2"))
    assert server.worker_pids()["w2"] == before
    assert server.on_worker("w2", server.account("late"), "x").ask("get", PING).get("type") == "result"
    came: list[str] = []
    other = server.client(user=juliet.bare.partition("@")[0])  # what was sent when she counted as gone is stored
    other.send("<presence/>")

    def all_known() -> bool:
        letters.look()
        came.extend([*letters.read(juliet), *letters.read(other)])
        return {*came, *letters.back} >= {str(number) for number in range(letters.sent)}

    settled(all_known)
    assert set(letters.back.values()) <= {"resource-constraint"}

    def reached() -> bool:
        letters.send(1)  # till her session is seen again, the other one gets it
        letters.dealt_with()
        came.extend(letters.read(juliet))
        return str(letters.sent - 1) in came

    settled(reached)

    os.kill(before, signal.SIGSTOP)
    settled(lambda: "gives no sign of life: it is killed" in server.log())
    settled(lambda: is_up(server, "w2", but=before))
    assert nurse.ask("get", PING).get("type") == "result"
    assert server.on_worker("w2", server.account("later"), "x").ask("get", PING).get("type") == "result"
    row = next(row for row in server.ask("status")["workers"] if row["name"] == "w2")
    assert (row["ends"], row["last_end"]) == (1, "was killed by SIGKILL")


def test_a_stream_that_holds_the_loop_is_ended_and_named_and_its_worker_lives(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2, more="[node]\nrestart_seconds = 120\nend_seconds = 1") as server:
        _spin(server)
        server.drop_all()


def _spin(server: Booted) -> None:
    romeo, _juliet = two(server)
    nurse = server.on_worker("w1", server.account("nurse"), "n").online()
    before = server.worker_pids()
    romeo.send("<iq type='get' id='spin' to='localhost'><spin xmlns='urn:xmppd:probe'/></iq>")
    romeo.end(60)
    error = romeo.error
    assert error is not None
    assert local(error[0]) == "internal-server-error"
    assert nurse.ask("get", PING).get("type") == "result"
    settled(lambda: set(server.worker_pids()) == {"w1", "w2"})  # it may have been let go for a moment
    assert server.worker_pids() == before
    log = server.log()
    assert "(C2s) has computed for more than" in log
    assert "in spin" in log
    assert romeo.jid in log


def test_the_presence_of_one_user_costs_nobody_elses_messages(server: Booted) -> None:
    romeo, juliet = two(server)
    nurse = server.on_worker("w1", server.account("nurse"), "n").online()
    star = server.on_worker("w1", server.account("star"), "s").online()
    fans = []
    for _ in range(6):
        name = server.account("fan")
        fans += [server.on_worker("w2", name, f"r{number}").online() for number in range(5)]
    for fan in fans[::5]:
        fan.send(f"<presence type='subscribe' to='{star.bare}'/>")
        star.until_mark(fan)
        star.send(f"<presence type='subscribed' to='{fan.bare}'/>")
        fan.until_mark(star)
    letters = Letters(romeo, juliet)
    os.kill(server.worker_pids()["w2"], signal.SIGSTOP)  # it stands still for a moment, as under a dear request
    pid = [line for line in server.log().splitlines() if "w2 started as OS process" in line][-1].rpartition(" ")[2]
    star.send(f"<presence><status>{'x' * 200_000}</status></presence>" * 5)  # 30 times as much for the other worker
    for _ in range(10):
        letters.send(20)
        time.sleep(0.1)
    assert nurse.ask("get", PING).get("type") == "result"  # nobody waits but who has sent something there
    os.kill(int(pid), signal.SIGCONT)
    assert romeo.ask("get", PING).get("type") == "result"
    came: list[str] = []
    settled(lambda: len(came.extend(letters.read(juliet)) or came) == letters.sent)
    assert came == [str(number) for number in range(letters.sent)]
    assert "is down" not in server.log()
