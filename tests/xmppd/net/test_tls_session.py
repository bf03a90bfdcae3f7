"""TLS between two byte streams."""

import ssl
from pathlib import Path

import pytest

from xmppd.net.tls import TlsContexts
from xmppd.net.tls_session import TlsSession


class Client:
    """The other side, by hand."""

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[TlsSession, Client]:
    server, client = TlsSession(TlsContexts(["localhost"], lambda _h: None, tmp_path).context()), Client()
    for _ in range(4):
        try:
            client.tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            assert server.feed(client.outgoing.read()) == b""
            client.incoming.write(server.outgoing())
    assert server.feed(client.outgoing.read()) == b""
    return server, client


def test_bytes_pass_both_ways(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    assert server.handshaken
    assert server.version() == "TLSv1.3"
    client.tls.write(b"hello")
    assert server.feed(client.outgoing.read()) == b"hello"
    client.incoming.write(server.encrypt(b"world"))
    assert client.tls.read() == b"world"


def test_one_byte_at_a_time(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    client.tls.write(b"x" * 40_000)
    sent = client.outgoing.read()
    assert b"".join(server.feed(sent[i : i + 1]) for i in range(len(sent))) == b"x" * 40_000


def test_more_than_one_record_is_read_at_once(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    client.tls.write(b"y" * 100_000)
    assert server.feed(client.outgoing.read()) == b"y" * 100_000


def test_what_is_long_leaves_in_pieces_and_arrives_whole(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    long = bytes(range(256)) * 400
    client.incoming.write(server.encrypt(long))
    got = b""
    while len(got) < len(long):
        piece = client.tls.read(16384)
        assert 0 < len(piece) <= 4096
        got += piece
    assert got == long


def test_the_peers_goodbye_is_seen(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    client.tls.write(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert server.feed(client.outgoing.read()) == b"last"
    assert server.ended


def test_our_goodbye_is_sent(pair: tuple[TlsSession, Client]) -> None:
    server, client = pair
    client.incoming.write(server.close())
    assert client.tls.read() == b""


def test_what_is_no_tls_is_an_error(tmp_path: Path) -> None:
    server = TlsSession(TlsContexts(["localhost"], lambda _h: None, tmp_path).context())
    with pytest.raises(ssl.SSLError):
        server.feed(b"<stream:stream xmlns='jabber:client'>")
