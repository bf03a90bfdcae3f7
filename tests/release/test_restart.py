"""test_restart — a restart keeps the sessions of clients with stream management, and what they have not got."""

from __future__ import annotations

from collections.abc import Callable

from tests.release.conftest import Server
from tests.support.wire import Wire

SM = "urn:xmpp:sm:3"
#: a client without TLS, which this test's clients are
PLAIN = ("listen.1.tls=optional", "listen.1.plain_without_tls=true")


def resumed(server: Server, user: str, stream_id: str) -> tuple[Wire, int]:
    """Another connection for a session of whose stanzas none has arrived, and the server's h."""
    wire = Wire(server.ports[0])
    wire.open()
    wire.authenticate(user, "secret99")
    wire.open()
    wire.send(f"<resume xmlns='{SM}' previd='{stream_id}' h='0'/>")
    answer = wire.next()
    assert answer.tag == f"{{{SM}}}resumed", answer.tag
    return wire, int(answer.get("h") or -1)


def until(wire: Wire, body: str) -> None:
    """Pass over what comes until a message with that body has come."""
    while wire.next().findtext("{jabber:client}body") != body:
        pass


def enabled(wire: Wire) -> str:
    """Enable stream management; the id of the stream."""
    wire.send(f"<enable xmlns='{SM}' resume='true'/>")
    while not (element := wire.next()).tag.endswith("}enabled"):
        pass
    return element.get("id") or ""


def test_a_restart_keeps_sessions_and_their_messages(make_server: Callable[..., Server]) -> None:
    server = make_server("workers=2", *PLAIN)
    assert server.start().returncode == 0
    for name in ("alice", "bob"):
        server.ask("user", "add", name, "secret99")
    alice = Wire(server.ports[0]).login("alice", "secret99", "phone")
    bob = Wire(server.ports[0]).login("bob", "secret99", "phone")
    ids = [enabled(wire) for wire in (alice, bob)]
    alice.send("<presence/>")
    bob.send("<message to='alice@localhost/phone' type='chat'><body>before</body></message>")
    until(alice, "before")  # taken, and not acknowledged
    restarted = server.run("restart")
    assert restarted.returncode == 0, restarted.stderr
    (alice, hers), (bob, his) = resumed(server, "alice", ids[0]), resumed(server, "bob", ids[1])
    assert (hers, his) == (1, 1)  # her presence, his message
    until(alice, "before")  # once more
    bob.send("<message to='alice@localhost/phone' type='chat'><body>after</body></message>")
    until(alice, "after")
    for wire in (alice, bob):
        wire.drop()
