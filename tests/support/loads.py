"""loads — attacks by number: connections, logins, acknowledgements, sessions that come back (tests.support.attacks)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

from tests.support.attacks import LONG, pushed, raw
from tests.support.booted import Booted
from tests.support.hostile import PING, auth, b64
from tests.support.wire import Ended, Wire, condition, local
from xmpp_core import ns

LAST = f"<iq type='get' id='last'>{PING}</iq>"
ENABLE = f"<enable xmlns='{ns.SM}' resume='true'/>"
R = f"<r xmlns='{ns.SM}'/>"


def managed(server: Booted, user: str = "") -> tuple[Wire, str]:
    """A client with stream management, and the id of its stream."""
    wire = server.client(user=user or server.account("managed"))
    wire.send(ENABLE)
    answer = wire.next()
    assert local(answer) == "enabled"
    return wire, answer.get("id", "")


def skip_to(wire: Wire, name: str) -> None:
    """Read up to the answer to LAST, or a nonza of that name."""
    while (got := wire.next(LONG)).get("id") != name and local(got) != name:
        pass


def ending(wire: Wire) -> str | None:
    """Read up to the end of the stream: the condition of its error."""
    try:
        while True:
            wire.next()
    except Ended as end:
        return end.error


def storms_of_connections(server: Booted) -> None:
    for _ in range(4):
        for wire in [server.wire() for _ in range(150)]:
            wire.drop()
    assert server.client("calm").ask("get", PING).get("type") == "result"


def storms_of_logins(server: Booted) -> None:
    wires = [server.wire() for _ in range(100)]
    for wire in wires:
        wire.open()
    for number, wire in enumerate(wires):  # each has to be derived: no two are alike
        guesses = [auth("PLAIN", b64(f"\0nobody{number}\0guess{number}-{i}")) for i in range(4)]
        pushed(wire, "".join(guesses))
    user = server.account("calm")
    assert server.client(user=user).ask("get", PING).get("type") == "result"
    told = [condition(wire.next(LONG)) for wire in wires]
    assert set(told) <= {"not-authorized", "temporary-auth-failure"}
    for wire in wires:
        wire.drop()


def acknowledgements_by_the_ten_thousand(server: Booted) -> None:
    wire, _ = managed(server)
    pushed(wire, (R + f"<a xmlns='{ns.SM}' h='0'/>" * 4) * 2000 + LAST)
    raw(wire, b"id='last'")


def counts_that_cannot_be(server: Booted) -> None:
    for h in ("1", "4294967295", "4294967296", "-1", "", "1e3", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 8000, " 7 7 "):
        wire, _ = managed(server)
        wire.send(f"<a xmlns='{ns.SM}' h='{h}'/>")
        assert wire.end() in ("undefined-condition", "bad-format", "invalid-xml", "policy-violation", "bad-request"), h


def sessions_that_are_not_there(server: Booted) -> None:
    wire = server.wire()
    wire.open()
    assert local(wire.authenticate(server.account("guesser"), "secret")) == "success"
    wire.open()
    for number in range(300):
        wire.send(f"<resume xmlns='{ns.SM}' previd='{'x' * (number * 10)}' h='0'/>")
        assert local(wire.next(LONG)) == "failed"
    wire.bind()
    assert wire.ask("get", PING).get("type") == "result"


def sessions_taken_over_again_and_again(server: Booted) -> None:
    user = server.account("restless")
    wire, id_ = managed(server, user)
    for _ in range(60):
        again = server.wire()
        again.open()
        assert local(again.authenticate(user, "secret")) == "success"
        again.open()
        again.send(f"<resume xmlns='{ns.SM}' previd='{id_}' h='0'/>")
        answer = local(again.next(LONG))
        assert answer in ("resumed", "failed")
        if answer == "failed":  # its process is of another worker, which may refuse: then nothing has changed
            wire.send(LAST)
            skip_to(wire, "last")
            again.drop()
            continue
        assert ending(wire) == "conflict"
        wire = again
    assert len(server.sessions(user)) == 1


def one_who_never_acknowledges(server: Booted) -> None:
    user = server.account("deaf")
    wire, _ = managed(server, user)
    wire.send("<presence/>")
    sender = server.client("sender")
    body = "x" * 4000
    for start in range(0, 6000, 50):  # in pieces: the sender has to read what comes back
        numbers = range(start, start + 50)
        messages = [f"<message to='{wire.jid}' type='chat'><body>{n} {body}</body></message>" for n in numbers]
        pushed(sender, "".join(messages) + f"<iq type='get' id='n{start}'>{PING}</iq>")
        skip_to(sender, f"n{start}")
        with contextlib.suppress(ConnectionError, OSError):
            wire.sock.settimeout(0.005)
            while re.match(b".", wire.sock.recv(1 << 20) or b"", re.DOTALL):
                pass
    wire.drop()


def sessions_left_behind(server: Booted) -> None:
    user, sender = server.account("careless"), server.client("sender")
    for _ in range(8):
        wire, _ = managed(server, user)
        wire.send("<presence/>")
        wire.next()
        wire.drop()
    message = f"<message to='{user}@localhost' type='chat'><body>{'x' * 50_000}</body></message>"
    pushed(sender, message * 60 + LAST)
    skip_to(sender, "last")
    assert len(server.sessions(user)) <= 3


LOADS: dict[str, Callable[[Booted], None]] = {
    load.__name__: load
    for load in (
        storms_of_connections,
        storms_of_logins,
        acknowledgements_by_the_ten_thousand,
        counts_that_cannot_be,
        sessions_that_are_not_there,
        sessions_taken_over_again_and_again,
        one_who_never_acknowledges,
        sessions_left_behind,
    )
}
