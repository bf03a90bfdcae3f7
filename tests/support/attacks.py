"""attacks — what one client, or one component, does to be a nuisance; each says what is right and looks for it.

ATTACKS maps a name to a function of the booted server. What holds for all of them (others are served as fast as ever,
memory is bounded, no worker is lost) is looked at by tests/interop/test_hostile__kinds.py, with a Bystander.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.support.booted import COMPONENTS, SECRET, Booted
from tests.support.hostile import PING, auth, b64
from tests.support.wire import ROSTER, Component, Silence, Wire, condition, local

DOMAIN = COMPONENTS[2]
PRIVATE = "<query xmlns='jabber:iq:private'>{}</query>"
CARD = "<vCard xmlns='vcard-temp'>{}</vCard>"
MANY = "<b/>" * 4900
#: a namespace of 1000 octets that two letters stand for
WIDE = f"xmlns:p='urn:{'n' * 996}'"
#: seconds for an answer that may come late: others have their turn first
LONG = 30.0


class Bystander:
    """Somebody on each worker who minds their own business. `worst` is the longest wait for an answer, in seconds."""

    def __init__(self, server: Booted) -> None:
        user = server.account("bystander")
        self.worst = 0.0
        self._going = True
        self.fault: BaseException | None = None
        self._wires = [server.on_worker(worker, user) for worker in server.worker_pids()]
        self._threads = [threading.Thread(target=self._mind, args=(wire,), daemon=True) for wire in self._wires]

    def _mind(self, wire: Wire) -> None:
        try:
            while self._going:
                before = time.monotonic()
                assert wire.ask("get", PING, "localhost").get("type") == "result"
                self.worst = max(self.worst, time.monotonic() - before)
                time.sleep(0.01)
        except BaseException as error:
            self.fault = error

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(60)


def memory(server: Booted, which: str = "VmRSS") -> int:
    """Bytes that all workers have in memory; or the most that each had (`VmHWM`)."""
    total = 0
    for pid in server.worker_pids().values():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith(f"{which}:")) * 1024
    return total


def forget_peaks(server: Booted) -> None:
    """From now on `VmHWM` is the most since now (proc(5), clear_refs)."""
    for pid in server.worker_pids().values():
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def raw(wire: Wire, until: bytes, seconds: float = LONG) -> int:
    """Read without parsing until these octets have come; how many there were."""
    wire.sock.settimeout(seconds)
    count, tail = 0, b""
    while until not in tail:
        data = wire.sock.recv(1 << 20)
        assert data, "the stream has ended"
        count += len(data)
        tail = tail[-len(until) :] + data
    return count


def pushed(wire: Wire, data: str) -> None:
    """Send much from another thread's point of view: refused or cut off, it is no fault."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        wire.sock.settimeout(LONG)
        wire.send(data)


# --- 1: what one client can make the server do is bounded


def one_thing_named_often(server: Booted) -> None:
    wire = server.client("mallory")
    assert wire.ask("set", PRIVATE.format(f"<a xmlns='q'>{MANY}</a>")).get("type") == "result"
    names = PRIVATE.format("<a xmlns='q'/>" * 4990)
    wire.send("".join(f"<iq type='get' id='g{i}'>{names}</iq>" for i in range(15)))
    answers = [wire.next(LONG) for _ in range(15)]
    assert {condition(answer) for answer in answers} == {"not-acceptable"}


def dear_requests(server: Booted) -> None:
    wire = server.client("mallory")
    assert wire.ask("set", CARD.format(MANY)).get("type") == "result"
    wire.send(f"<iq type='get' id='g'>{CARD.format('')}</iq>" * 600 + f"<iq type='get' id='last'>{PING}</iq>")
    assert raw(wire, b"id='last'") > 600 * 19_000


def namespaces_that_multiply(server: Booted) -> None:
    mallory, victim = server.client("mallory"), server.client("victim")
    away = server.account("away")
    for to in (victim.jid, f"{away}@localhost", mallory.jid):
        mallory.send(f"<message to='{to}' type='chat' id='1' {WIDE}><body>x</body>{'<p:y/>' * 4000}</message>")
        assert condition(mallory.next()) == "policy-violation"
    mallory.send(f"<message to='{victim.jid}' id='1' xmlns:p='{'n' * 200_000}'>{'<p:y/>' * 40}</message>")
    assert mallory.end() == "policy-violation"
    victim.nothing_from(server.client("friend"))


def elements_by_the_hundred_thousand(server: Booted) -> None:
    wire = server.client("mallory")
    message = f"<message type='headline' to='{wire.bare}/none'>{MANY}</message>"
    pushed(wire, message * 60 + f"<iq type='get' id='last'>{PING}</iq>")
    raw(wire, b"id='last'")


def a_component_that_does_not_read(server: Booted) -> None:
    service, wire = server.service(DOMAIN), server.client("mallory")
    message = f"<message to='x@{DOMAIN}' type='chat' id='m'><body>{'x' * 100_000}</body></message>"
    refused = 0
    for i in range(30):
        wire.send(message * 10 + f"<iq type='get' id='last{i}'>{PING}</iq>")
        while (got := wire.next(LONG)).get("id") != f"last{i}":
            refused += condition(got) == "resource-constraint"
    assert refused > 100
    service.drop()


def a_client_that_does_not_read(server: Booted) -> None:
    slow, wire = server.client("slow").online(), server.client("mallory")
    pushed(slow, f"<iq type='get' id='d'><query xmlns='{ROSTER}'/></iq>" * 20)
    pushed(wire, f"<message to='{slow.jid}' type='chat'><body>{'x' * 100_000}</body></message>" * 200)
    wire.send(f"<iq type='get' id='last'>{PING}</iq>")
    raw(wire, b"id='last'")


# --- 2: what was stored can always be read


def poison_in_the_store(server: Booted) -> None:
    user, mallory = server.account("victim"), server.client("mallory")
    for body in (">" * 65_600, "\N{EURO SIGN}" * 80_000, "'\"&amp;" * 20_000, "after"):
        mallory.send(f"<message to='{user}@localhost' type='chat'><body>{body}</body></message>")
    assert mallory.ask("get", PING).get("type") == "result"
    victim = server.client(user=user)
    victim.send("<presence/>")
    bodies = []
    while "after" not in bodies:
        got = victim.next()
        if local(got) == "message":
            bodies.append(got.findtext("{jabber:client}body") or "")
    assert [len(body) for body in bodies] == [65_600, 80_000, 60_000, 5]


def a_roster_too_large_to_fetch(server: Booted) -> None:
    wire = server.client("mallory")
    groups = "".join(f"<group>{i}{'g' * 1000}</group>" for i in range(60))
    refused = 0
    for i in range(25):
        item = f"<item jid='f{i}@localhost' name='{'n' * 1000}'>{groups}</item>"
        refused += wire.ask("set", f"<query xmlns='{ROSTER}'>{item}</query>").get("type") == "error"
    assert refused
    assert len(wire.roster()) == 25 - refused


def strangers_who_fill_a_roster(server: Booted) -> None:
    service, owner = server.service(DOMAIN), server.client("owner")
    service.send("".join(f"<presence type='subscribe' from='x{i}@{DOMAIN}' to='{owner.bare}'/>" for i in range(700)))
    service.send(f"<iq type='get' id='last' from='{DOMAIN}' to='localhost'>{PING}</iq>")
    while service.next(LONG).get("id") != "last":
        pass
    item = "<item jid='friend@localhost'/>"
    assert owner.ask("set", f"<query xmlns='{ROSTER}'>{item}</query>").get("type") == "result"


# --- 3: a fault stays where it is


def a_component_with_bad_addresses(server: Booted) -> None:
    service = server.service(DOMAIN)
    for address in ("@@", f"a b@{DOMAIN}", f"{'a' * 2000}@{DOMAIN}"):
        service.send(f"<message from='a@{DOMAIN}' to='{address}' id='m'/>")
        assert condition(service.next()) == "jid-malformed"
    assert Component(server.component, COMPONENTS[1]).handshake(SECRET).jid == COMPONENTS[1]


# --- 4: a client cannot choose when a worker, or the release, ends


def crowds_that_break_off(server: Booted) -> None:
    for _ in range(3):
        wires = [server.wire() for _ in range(100)]
        for wire in wires:
            pushed(wire, "<stream:stream to='localhost' xmlns='jabber:client' version='1.0' xmlns:stream='")
            wire.drop()


# --- 5: nobody locks out somebody else


def guesses_for_another_account(server: Booted) -> None:
    user = server.account("owner")
    for _ in range(4):
        wire = server.wire()
        wire.open()
        with contextlib.suppress(ConnectionError):
            wire.send(auth("PLAIN", b64(f"\0{user}\0wrong")) * 10)
    assert server.client(user=user).ask("get", PING).get("type") == "result"


# --- 6: order


def a_live_message_among_stored_ones(server: Booted) -> None:
    user, sender = server.account("victim"), server.client("sender")
    message = f"<message to='{user}@localhost' type='chat'><body>{{}}</body></message>"
    sender.send("".join(message.format(i) for i in range(120)))
    assert sender.ask("get", PING).get("type") == "result"
    victim = server.client(user=user)
    victim.send("<presence/>")
    got: list[int] = []
    while len(got) <= 120:
        element = victim.next()
        if local(element) == "message":
            if not got:
                sender.send(message.format(120))
            got.append(int(element.findtext("{jabber:client}body") or -1))
    assert got == list(range(121))


def strangers_who_fill_the_store(server: Booted) -> None:
    owner, friend, mallory = server.client("owner"), server.client("friend"), server.client("mallory")
    assert owner.ask("set", f"<query xmlns='{ROSTER}'><item jid='{friend.bare}'/></query>").get("type") == "result"
    to = owner.bare
    owner.close()
    pushed(mallory, f"<message to='{to}' type='chat'><body>x</body></message>" * 600)  # 1000 are kept
    mallory.send(f"<iq type='get' id='last'>{PING}</iq>")
    refused = 0
    while (got := mallory.next(LONG)).get("id") != "last":
        refused += condition(got) == "service-unavailable"
    assert refused
    friend.send(f"<message to='{to}' type='chat'><body>call me</body></message>")
    assert friend.ask("get", PING).get("type") == "result"


# --- 7: names


def another_spelling_of_a_name(server: Booted) -> None:
    user = server.account("owner")
    query = "<query xmlns='jabber:iq:register'><username>{}</username><password>pw</password></query>"
    for spelling in (user.upper(), "".join(chr(ord(c) + 0xFEE0) for c in user)):
        wire = server.wire()
        wire.open()
        wire.send(f"<iq type='set' id='r'>{query.format(spelling)}</iq>")
        assert condition(wire.next()) == "conflict"


# --- 8: the operator sees what people do, and nothing else


def lines_of_its_own_in_the_log(server: Booted) -> None:
    wire = server.wire()
    wire.open()
    wire.send(auth("PLAIN", b64("\0mallory\n2026-11-28T00:00:00Z info main - forged: all is well\0secret")))
    with contextlib.suppress(Silence):
        wire.next()
    assert not [line for line in server.log().splitlines() if "forged" in line[:60]]


ATTACKS: dict[str, Callable[[Booted], None]] = {
    attack.__name__: attack
    for attack in (
        one_thing_named_often,
        dear_requests,
        namespaces_that_multiply,
        elements_by_the_hundred_thousand,
        a_component_that_does_not_read,
        a_client_that_does_not_read,
        poison_in_the_store,
        a_roster_too_large_to_fetch,
        strangers_who_fill_a_roster,
        a_component_with_bad_addresses,
        crowds_that_break_off,
        guesses_for_another_account,
        a_live_message_among_stored_ones,
        strangers_who_fill_the_store,
        another_spelling_of_a_name,
        lines_of_its_own_in_the_log,
    )
}
