"""test_seed_flow__receiver — the receiver's contract (section 2) and the hooks' (section 6), as seen on the wire.

Rows that cannot be seen from outside are beside the receiver itself: tests/xmppd/net/test_receiver.py.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct

import pytest

from tests.support.booted import Booted
from tests.support.wire import SASL, TLS, Ended, Wire, condition, local

PING = "<ping xmlns='urn:xmpp:ping'/>"
PROBE = "urn:xmppd:probe"


def there(server: Booted, jid: str) -> bool:
    return jid in server.sessions(jid.partition("@")[0])


# -- the contract


def test_receiver_become_controller(server: Booted) -> None:
    """become_controller: two processes that know each other; each connection has its own."""
    wires = [server.client() for _ in range(8)]
    for i, wire in enumerate(wires):
        wire.send(f"<iq type='get' id='own{i}'>{PING}</iq>")
    assert [wire.next().get("id") for wire in wires] == [f"own{i}" for i in range(8)]


def test_receiver_reset_stream(server: Booted) -> None:
    """reset_stream: after <success/> a new stream on the same connection, in the same packet if need be."""
    wire = server.wire()
    wire.open()
    wire.authenticate(server.account(), "secret")
    wire.open()
    wire.bind()
    wire.online()


def test_receiver_starttls(server: Booted) -> None:
    """starttls: a new parser, the decoder switched, what follows is read through TLS."""
    wire = server.wire(server.tls)
    wire.open()
    wire.start_tls(server.trust())
    wire.login(server.account())
    wire.online()


def test_receiver_starttls_takes_no_byte_that_came_in_the_clear(server: Booted) -> None:
    """starttls: what was sent behind it must never be taken for protected (CVE-2011-0411)."""
    wire = server.wire()
    wire.open()
    wire.send(f"<starttls xmlns='{TLS}'/><auth xmlns='{SASL}' mechanism='PLAIN'>AGEAYg==</auth>")
    assert wire.end() == "policy-violation"


def test_receiver_starttls_fails_quietly_when_the_peer_does_not_speak_it(server: Booted) -> None:
    """starttls: an error of TLS ends this connection, and only this."""
    wire = server.wire()
    wire.open()
    wire.send(f"<starttls xmlns='{TLS}'/>")
    assert local(wire.next()) == "proceed"
    wire.send("this is no handshake at all, but it is long enough to be looked at\r\n" * 4)
    while wire.sock.recv(4096):
        pass
    server.client().online()


def test_receiver_compress_is_refused(server: Booted) -> None:
    """compress: not offered (docs say why); who asks is told, and goes on."""
    wire = server.wire()
    wire.open()
    wire.send("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>")
    assert condition(wire.next()) == "unsupported-method"
    wire.login(server.account())


def test_receiver_close(server: Booted) -> None:
    """close: what was sent before still leaves; then the connection is closed by the server."""
    wire = server.client()
    wire.send("".join(f"<iq type='get' id='c{i}'>{PING}</iq>" for i in range(50)) + "</stream:stream>")
    assert [wire.next().get("id") for _ in range(50)] == [f"c{i}" for i in range(50)]
    assert wire.end() is None
    assert wire.sock.recv(1) == b""


def test_receiver_data_is_read_no_faster_than_it_is_dealt_with(server: Booted) -> None:
    """data: TCP pushes back on one who floods; nothing is lost, and others are served meanwhile."""
    flood, other = server.client(), server.client()
    wanted = 3000
    flood.sock.setblocking(False)
    sent, got = 0, 0
    text = b"".join(f"<iq type='get' id='d{i}'>{PING}</iq>".encode() for i in range(wanted))
    while got < wanted:
        with contextlib.suppress(BlockingIOError):
            sent += flood.sock.send(text[sent : sent + 65536]) if sent < len(text) else 0
        got += len(flood.waiting())
    assert other.ask("get", PING).get("type") == "result"


def test_receiver_closed(server: Booted) -> None:
    """closed: the peer's end without a word ends the session."""
    wire = server.client()
    assert there(server, wire.jid)
    wire.drop()
    server.settled(lambda: not there(server, wire.jid))


def test_receiver_socket_error(server: Booted) -> None:
    """socket error: a reset connection ends the session as well, and nothing else."""
    wire = server.client()
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.drop()
    server.settled(lambda: not there(server, wire.jid))


def test_receiver_terminate_takes_the_stream_with_it(server: Booted) -> None:
    """terminate: a killed receiver ends its stream (the machine watches it), its session and its socket."""
    wire, other = server.client(), server.client()
    worker = server.sessions(wire.bare.partition("@")[0])[wire.jid]
    source = (
        "fsm = [s.pid for s in sm.sessions({!r})][0]\n"
        "(await introspect.get_state(fsm))[1].connection.receiver and "
        "process.exit_((await introspect.get_state(fsm))[1].connection.receiver, 'kill')"
    )
    server.eval(source.format(wire.bare), worker)
    with pytest.raises(Ended):
        wire.next()
    server.settled(lambda: not there(server, wire.jid))
    assert other.ask("get", PING).get("type") == "result"


# -- what the parser tells


def test_receiver_events_start_element_end(server: Booted) -> None:
    """xmlstreamstart, xmlstreamelement, xmlstreamend: each answered by its like."""
    wire = server.client()
    assert wire.reader.header is not None
    wire.send(f"<iq type='get' id='e'>{PING}</iq> \n <!")
    assert wire.next().get("id") == "e"
    wire.send("-- no comment is allowed -->")
    assert wire.end() == "restricted-xml"


def test_receiver_events_too_big(server: Booted) -> None:
    """xmlstreamerror "too big": policy-violation, before the whole of it has come."""
    wire = server.client()
    wire.send("<message><body>" + "x" * 270_000)
    assert wire.end() == "policy-violation"


@pytest.mark.parametrize("junk", [b"\xff\xfe<\x00", b"<a\x00/>", b"<a>\xc3\x28</a>", b"\x16\x03\x01\x02\x00\x01"])
def test_receiver_events_junk(server: Booted, junk: bytes) -> None:
    """xmlstreamerror: bytes that are no XML, before and after the header."""
    fresh = server.wire()
    fresh.send(junk + b"\r\n<>\r\n")
    assert fresh.end() in ("not-well-formed", "unsupported-encoding", "invalid-namespace", "bad-format")
    wire = server.client()
    wire.send(junk + b"\r\n<>\r\n")
    assert wire.end() in ("not-well-formed", "unsupported-encoding", "invalid-xml")


# -- section 6, hooks


def sent_and_got(server: Booted, word: str) -> list[str]:
    romeo, juliet = server.client(), server.client()
    romeo.send(f"<message to='{juliet.jid}'><{word} xmlns='{PROBE}'/></message>")
    return [local(child) for got in juliet.until_mark(romeo) for child in got]


def test_hooks_lower_numbers_run_first(server: Booted) -> None:
    """Sequence numbers: 10, then 20."""
    assert sent_and_got(server, "change") == ["change", "first", "second"]


def test_hooks_stop_ends_the_chain_with_its_value(server: Booted) -> None:
    """{stop, V}: here None, so the message is dropped; later handlers are not asked."""
    assert sent_and_got(server, "drop") == []


def test_hooks_a_crashing_handler_is_logged_and_skipped(server: Booted) -> None:
    """The isolation property: the chain goes on with the old accumulator, and so does the stream."""
    assert sent_and_got(server, "break") == ["break", "third"]
    server.settled(lambda: re.search(r"UserSendPacketHook.*mod_probe@localhost failed", server.log()) is not None)


def test_hooks_run_in_the_caller(server: Booted) -> None:
    """Handlers run in the process that fires the hook: no server is asked, so its death is not noticed."""
    romeo, juliet = server.client(), server.client()
    for worker in ("w1", "w2"):
        server.eval("process.exit_(process.whereis('hooks'), 'kill')", worker)
    romeo.send(f"<message to='{juliet.jid}'><change xmlns='{PROBE}'/></message>")
    assert [local(child) for child in juliet.next()] == ["change", "first", "second"]


def test_hooks_of_one_host_are_not_those_of_another(server: Booted) -> None:
    """Each host has its own chains: a handler added for verona.test does not see localhost."""
    source = (
        "from xmppd.routing.hook_points import UserSendPacketHook\n"
        "def deaf(stanza, point): return hooks.Stop(None)\n"
        "await hooks.add('verona.test', UserSendPacketHook, deaf, 1)"
    )
    for worker in ("w1", "w2"):
        server.eval(source, worker)
    try:
        romeo, juliet = server.client(), server.client()
        romeo.send(f"<message to='{juliet.jid}' id='heard'/>")
        assert juliet.next().get("id") == "heard"
        server.ask("user add", {"user": "mercutio@verona.test", "password": "secret"})
        with Wire(server.plain, "verona.test") as mercutio:
            mercutio.login("mercutio")
            mercutio.send(f"<message to='{juliet.jid}' id='unheard'/>")
            mercutio.close()
        juliet.nothing_from(romeo)
    finally:
        for worker in ("w1", "w2"):
            server.eval("await hooks.delete('verona.test', UserSendPacketHook, deaf)", worker)


def test_hooks_a_bug_behind_a_request_is_an_error_and_ends_no_stream(server: Booted) -> None:
    """Not a hook, but the other side of isolation: who sends the poison is told in the RFC's words, and goes on."""
    romeo, juliet = server.client(), server.client()
    answer = romeo.ask("get", f"<crash xmlns='{PROBE}'/>")
    assert answer.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}internal-server-error") is not None
    assert "on purpose" not in "".join(answer.itertext()), "how the server is made is its own business"
    assert romeo.ask("get", PING).get("type") == "result"
    assert juliet.ask("get", PING).get("type") == "result"
    server.settled(lambda: "a bug, on purpose" in server.log())
