"""Hostile input over real sockets: each gets the answer the RFC names, and nobody else notices."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import SECRET, Booted
from tests.support.hostile import CASES, DOMAIN, PING, b64, plain
from tests.support.wire import ROSTER, SASL, Component, Silence, Wire, condition, local

# -- the stages


def opened(server: Booted, port: int) -> Wire:
    wire = server.wire(port)
    wire.open()
    return wire


def secured(server: Booted) -> Wire:
    wire = opened(server, server.plain)
    wire.start_tls()
    return wire


def direct(server: Booted) -> Wire:
    wire = server.wire(server.direct)
    wire.wrap()
    return wire


def known(server: Booted) -> Wire:
    wire = opened(server, server.plain)
    assert local(wire.authenticate("ruth", "secret")) == "success"
    wire.open()
    return wire


def component(server: Booted) -> Wire:
    made = Component(server.component, DOMAIN)
    server.open.append(made)
    return made.handshake(SECRET)


STAGES: dict[str, Callable[[Booted], Wire]] = {
    "raw": lambda server: server.wire(),
    "direct": direct,
    "open": lambda server: opened(server, server.plain),
    "secured": secured,
    "required": lambda server: opened(server, server.tls),
    "known": known,
    "bound": lambda server: server.client(user="ruth"),
    "service": lambda server: server.wire(server.component),
    "component": component,
}


@pytest.fixture(scope="module")
def bystander(booted: Booted) -> Iterator[Wire]:
    """Somebody who minds their own business; and the account that the cases misuse."""
    booted.ask("user add", {"user": "ruth@localhost", "password": "secret"})
    with Wire(booted.plain) as wire:
        yield wire.login(booted.account("bystander"))


def undisturbed(bystander: Wire) -> None:
    before = time.monotonic()
    assert bystander.ask("get", PING).get("type") == "result"
    assert time.monotonic() - before < 1.0


def name_of(case: object) -> str:
    return str(case)[:48]


@pytest.mark.parametrize(("stage", "sent", "want"), CASES, ids=name_of)
def test_hostile(server: Booted, bystander: Wire, stage: str, sent: str | bytes, want: str) -> None:
    wire = STAGES[stage](server)
    if isinstance(sent, str):
        sent = sent.replace("{jid}", wire.jid).replace("{bare}", wire.bare).encode()
    with contextlib.suppress(ConnectionError):  # refused before it was all sent
        wire.send(sent)
    check(wire, want, stage)
    undisturbed(bystander)


def check(wire: Wire, want: str, stage: str) -> None:
    if not want:
        with pytest.raises(Silence):
            wire.next(0.05)
    elif ":" in want or want in ("iq", "message", "success", "challenge", "features"):
        assert said(wire.next()) == want
    else:
        assert wire.end() == want
        return
    if stage == "bound" and want != "failure:":  # a refused <starttls/> ends the stream
        assert wire.ask("get", PING).get("type") == "result"


def said(element: Element) -> str:
    """As the table writes it."""
    found = condition(element)
    if local(element) == "failure":
        return f"failure:{found or ''}"
    return f"{local(element)}:{found}" if element.get("type") == "error" else local(element)


# -- what a table does not hold


def test_no_worker_was_lost_and_none_complained_of_a_crash(server: Booted, bystander: Wire) -> None:
    assert len(server.worker_pids()) == 2
    undisturbed(bystander)
    assert "Traceback" not in server.log()


def test_wrong_passwords_end_a_stream_after_five(server: Booted, bystander: Wire) -> None:
    wire = opened(server, server.plain)
    with contextlib.suppress(ConnectionError):
        wire.send(plain("\0ruth\0wrong") * 900)
    assert [condition(wire.next()) for _ in range(5)] == ["not-authorized"] * 5
    assert wire.end() == "policy-violation"


def test_a_proof_is_good_once(server: Booted, bystander: Wire) -> None:
    """The whole exchange of another login, played again: the server's nonce differs."""
    first = opened(server, server.plain)
    first.auth("SCRAM-SHA-1", "n,,n=ruth,r=fixed")
    first.next()
    again = opened(server, server.plain)
    again.auth("SCRAM-SHA-1", "n,,n=ruth,r=fixed")
    challenge = again.next()
    assert local(challenge) == "challenge"
    again.send(f"<response xmlns='{SASL}'>{b64('c=biws,r=fixedstale,p=' + b64(b'x' * 20))}</response>")
    assert condition(again.next()) == "not-authorized"


def test_a_forged_push_or_result_bears_its_senders_name(server: Booted, bystander: Wire) -> None:
    mallory, ruth = server.client("mallory"), server.client(user="ruth")
    mallory.send(
        f"<iq type='set' id='p' to='{ruth.jid}'><query xmlns='{ROSTER}'><item jid='evil@x.test'/></query></iq>"
    )
    mallory.send(f"<iq type='result' id='q' to='{ruth.jid}'/>")
    assert [ruth.next().get("from"), ruth.next().get("from")] == [mallory.jid, mallory.jid]


def test_one_who_floods_holds_nobody_up(server: Booted, bystander: Wire) -> None:
    flood = server.client("flood")
    stanza = f"<message to='{flood.bare}/none' type='headline'><body>{'x' * 100}</body></message>"
    flood.send(stanza * (4_000_000 // len(stanza)))
    worst = 0.0
    for _ in range(20):
        before = time.monotonic()
        undisturbed(bystander)
        worst = max(worst, time.monotonic() - before)
    assert worst < 0.5
    assert flood.ask("get", PING).get("type") == "result"


def test_only_so_many_sessions_the_oldest_gives_way(server: Booted, bystander: Wire) -> None:
    user = server.account("many")
    wires = [server.client(resource=f"r{i}", user=user) for i in range(11)]
    assert wires[0].end() == "policy-violation"
    for wire in wires[1:]:
        assert wire.ask("get", PING).get("type") == "result"


def test_strangers_by_the_hundred_do_not_keep_anybody_out(server: Booted, bystander: Wire) -> None:
    idle = [server.wire() for _ in range(300)]
    assert server.client("late").ask("get", PING).get("type") == "result"
    idle[0].open()
    undisturbed(bystander)


def test_directed_presence_is_bounded(server: Booted, bystander: Wire) -> None:
    wire = server.client("direct")
    wire.send("".join(f"<presence to='u{i}@localhost/r'/>" for i in range(600)))
    wire.send(f"<iq type='get' id='end'>{PING}</iq>")
    refused = 0
    while (element := wire.next()).get("id") != "end":
        refused += condition(element) == "resource-constraint"
    assert refused == 100
