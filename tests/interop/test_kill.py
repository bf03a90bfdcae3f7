"""Kills: of a worker, of all, of the parent, and again and again. Who lives on notices no more than presence.

Each test here has a server of its own, since it does not survive in one piece.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.wire import ROSTER, Ended, Wire, local, names, show
from xmppd.commands import CommandError

PING = "<ping xmlns='urn:xmpp:ping'/>"
BACK = 5.0  # seconds; it takes about half of one


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Booted]:
    with Booted.start(tmp_path, workers=2) as server:
        yield server
        server.drop_all()


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: object, what: str, seconds: float = BACK) -> float:
    """Wait for something to become true; how long it took."""
    assert callable(condition)
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.01)
    return time.monotonic() - begun


def friends(server: Booted) -> tuple[Wire, Wire]:
    """Romeo on the first worker and Juliet on the second, who see each other."""
    names = server.account("romeo"), server.account("juliet")
    romeo = server.on_worker("w1", names[0], "r").online()
    juliet = server.on_worker("w2", names[1], "j").online()
    for one, other in ((romeo, juliet), (juliet, romeo)):
        one.send(f"<presence type='subscribe' to='{other.bare}'/>")
        other.until_mark(one)
        other.send(f"<presence type='subscribed' to='{one.bare}'/>")
        one.until_mark(other)
    romeo.until_mark(juliet)
    juliet.until_mark(romeo)
    return romeo, juliet


def ended(wire: Wire) -> str | None:
    """How the stream ended, whatever came before."""
    with contextlib.suppress(Ended, ConnectionError):
        while True:
            wire.next()
    return wire.error[0].tag.rpartition("}")[2] if wire.error is not None else None


def bodies(wire: Wire, last: str) -> list[str]:
    """The bodies of the messages up to the one that says `last`."""
    found: list[str] = []
    while last not in found:
        element = wire.next()
        if local(element) == "message":
            found.append(element.findtext("{jabber:client}body") or "")
    return found


def test_a_killed_worker_is_back_and_the_other_has_noticed_presence_only(server: Booted) -> None:
    romeo, juliet = friends(server)
    absent = server.account("absent")
    juliet.send(f"<message to='{absent}@localhost' type='chat'><body>from the second</body></message>")
    assert juliet.ask("get", PING).get("type") == "result"  # so it is stored
    romeo.send(f"<message to='{absent}@localhost' type='chat'><body>from the first</body></message>")
    romeo.send(f"<iq type='set' id='s'><query xmlns='{ROSTER}'><item jid='kept@x.test'/></query></iq>")
    assert [element.get("type") for element in (romeo.next(), romeo.next())] == ["set", "result"]
    pids = server.worker_pids()

    os.kill(pids["w1"], signal.SIGKILL)
    gone = juliet.next()
    assert (local(gone), gone.get("type"), gone.get("from")) == ("presence", "unavailable", romeo.jid)
    assert ended(romeo) is None
    assert juliet.ask("get", PING).get("type") == "result"
    assert until(lambda: server.worker_pids().get("w1") not in (None, pids["w1"]), "w1 is not back") < BACK
    assert server.worker_pids()["w2"] == pids["w2"]

    again = server.on_worker("w1", romeo.bare.partition("@")[0], "again")
    assert "kept@x.test" in again.roster()
    again.send("<presence/>")
    again.skip_own()
    assert names(juliet.until_mark(again)) == ["presence"]  # the new one; nothing was said twice of the old
    reader = server.client(user=absent)
    reader.send(f"<presence/><message to='{reader.jid}' type='chat'><body>last</body></message>")
    assert sorted(bodies(reader, "last")) == ["from the first", "from the second", "last"]


def test_killed_while_clients_come_and_go_it_takes_nobody_elses_descriptor(server: Booted) -> None:
    """A dialled peer that dies at once must not cost the survivor a connection (uvloop closed one twice)."""
    user = server.account("restless")
    for _ in range(3):
        before = server.worker_pids()["w1"]
        os.kill(before, signal.SIGKILL)
        until(lambda before=before: server.worker_pids().get("w1") not in (None, before), "w1 is not back")
        for _ in range(30):
            server.client(user=user).close()
    assert "not served" not in server.log()


def test_all_workers_killed_at_once_come_back_with_what_was_acknowledged(server: Booted) -> None:
    wire = server.client("keeper")
    for i in range(20):
        wire.ask("set", f"<query xmlns='{ROSTER}'><item jid='c{i}@x.test'/></query>")
    for pid in server.worker_pids().values():
        os.kill(pid, signal.SIGKILL)
    ended(wire)
    until(lambda: len(server.worker_pids()) == 2, "the workers are not back")
    assert len(server.client(user=wire.bare.partition("@")[0]).roster()) == 20


def test_workers_end_with_their_parent(server: Booted) -> None:
    wire, pids = server.client("orphan"), server.worker_pids()
    server.process.kill()
    server.process.wait()
    ended(wire)
    until(lambda: not any(alive(pid) for pid in pids.values()), "orphans")
    # a process counts as dead when its first thread is; its ports go with the last one, a moment later
    for port in (server.plain, server.tls, server.direct, server.component):
        until(lambda port=port: refused(port), f"port {port} is still served")  # type: ignore[misc]


def refused(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        Wire(port).drop()
    except ConnectionRefusedError:
        return True
    return False


def test_a_worker_that_is_killed_again_and_again_is_started_ever_later_and_the_other_serves_on(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2, limits="worker_restarts = 1") as server:
        user = server.account("loyal")
        loyal = server.on_worker("w2", user)
        pids = server.worker_pids()
        for _ in range(2):  # the second is followed by a pause of a second, the next by one of two
            os.kill(pids["w1"], signal.SIGKILL)
            pids = server.await_workers(lambda now, old=pids["w1"]: now.get("w1") not in (None, old))  # type: ignore[misc]
            assert loyal.ask("get", PING).get("type") == "result"
        os.kill(pids["w1"], signal.SIGKILL)
        server.settled(lambda: bool(server.ask("status")["alarms"]))
        told = server.ask("status")
        assert "w1 does not stay up: it has ended 3 times" in told["alarms"][0]
        first = told["workers"][0]
        assert (first["state"], first["last_end"]) == ("pausing", "was killed by SIGKILL")
        for _ in range(8):  # nobody is kept waiting at the door of the other
            with contextlib.suppress(ConnectionError, Ended):
                server.client(user=user).close()
        assert server.worker_pids()["w2"] == pids["w2"]
        server.await_workers(lambda now: set(now) == {"w1", "w2"})
        server.drop_all()


def test_a_stop_says_goodbye_to_everybody(server: Booted) -> None:
    bound, opened = server.client("guest"), server.wire()
    opened.open()
    component = server.service()
    pids = server.worker_pids()
    server.process.send_signal(signal.SIGTERM)
    assert [ended(wire) for wire in (bound, opened, component)] == ["system-shutdown"] * 3
    assert server.process.wait(10) == 0
    assert not any(alive(pid) for pid in pids.values())


def test_a_reload_disturbs_no_session(server: Booted) -> None:
    wire = server.client("guest")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded" in server.log(), "nothing was reloaded")
    assert wire.ask("get", PING).get("type") == "result"


def test_a_worker_that_starts_again_serves_what_the_others_serve_whatever_the_file_says(server: Booted) -> None:
    file = server.home.parent / "xmppd.toml"
    text = file.read_text()
    first, rest = text.split("[[listen]]", 1)
    listens, modules = rest.split("[modules]")
    turned = "[[listen]]".join([first, *reversed(["", *listens.split("[[listen]]")])])  # the last listener first
    for edited in (f"{turned}[modules]{modules}".replace('"required"', '"off"'), "hosts = ["):
        file.write_text(edited)
        old = set(server.worker_pids().values())
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        server.await_workers(lambda now, old=old: len(now) == len(old) and old.isdisjoint(now.values()))  # type: ignore[misc]
        for port, required in ((server.tls, True), (server.plain, False)):
            found = server.wire(port).open().find(".//{urn:ietf:params:xml:ns:xmpp-tls}required")
            assert (found is not None) is required, edited


PROCESSES = (
    "hooks", "iq", "router", "sm", "auth", "store", "tls",
    "mod_roster@localhost", "mod_presence@localhost", "mod_offline@localhost", "offline_writer@localhost",
)  # fmt: skip


def test_killed_processes_are_restarted_and_no_session_is_dropped(server: Booted) -> None:
    romeo, juliet = friends(server)
    for name in PROCESSES:
        source = f"before = process.whereis({name!r}); process.exit_(before, 'kill')"
        server.ask("shell", {"node": "w1", "session": "test", "source": source})
        romeo.send(f"<message to='{juliet.bare}' type='chat'><body>{name}</body></message>")
        juliet.send(f"<message to='{romeo.bare}' type='chat'><body>{name}</body></message>")
        assert (bodies(juliet, name), bodies(romeo, name)) == ([name], [name])
        for one, other in ((romeo, juliet), (juliet, romeo)):
            one.send(f"<presence><status>{name}</status></presence>")
            one.skip_own()
            assert other.next().findtext("{jabber:client}status") == name
        assert romeo.ask("get", PING).get("type") == "result"
    romeo.waiting()
    assert set(server.sessions(romeo.bare.partition("@")[0])) == {romeo.jid}
    answer = romeo.ask("get", f"<query xmlns='{ROSTER}'/>")
    assert [item.get("subscription") for item in answer.iter(f"{{{ROSTER}}}item")] == ["both"], show(answer)


def test_workers_that_lose_each_other_for_a_moment_lose_nothing_else(server: Booted) -> None:
    romeo, juliet = friends(server)
    for number in range(3):
        source = "process.exit_(process.whereis('net_kernel'), 'kill')"
        with contextlib.suppress(CommandError):  # the answer goes the same way
            server.ask("shell", {"node": f"w{number % 2 + 1}", "session": "test", "source": source})
        for wire in (romeo, juliet):
            wire.ask("get", PING)  # both have noticed: what was on its way is lost, as with any link
        name = f"cut {number}"
        for one, other in ((romeo, juliet), (juliet, romeo)):
            one.send(f"<message to='{other.bare}' type='chat'><body>{name}</body></message>")
            one.send(f"<presence><status>{name}</status></presence>")
        for wire in (romeo, juliet):
            got = [wire.next() for _ in range(3)]  # the own presence among them
            assert sorted(names(got)) == ["message:chat", "presence", "presence"], [show(element) for element in got]
            assert all(element.find("{urn:xmpp:delay}delay") is None for element in got)
        for wire in (romeo, juliet):
            wire.ask("get", PING)  # what is acknowledged before the next cut does not come again
    assert names(romeo.until_mark(juliet)) == names(juliet.until_mark(romeo)) == []
