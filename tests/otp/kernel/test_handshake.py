"""Both sides prove that they know the cookie, or neither believes the other."""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel.handshake import PROTOCOL, Handshake, HandshakeError, Hello


def _hello(name: str, creation: int = 1, nonce: bytes = b"") -> Hello:
    return Hello(name, creation, nonce or name.encode().ljust(32, b"-"))


def _pair(cookie: bytes = b"c", other: bytes = b"c", dialled: str = "w1") -> tuple[Handshake, Handshake]:
    def took(name: str, creation: int) -> int:
        return creation  # as good as any number

    return Handshake(_hello("w2", 7), cookie, dialled, took), Handshake(_hello("w1", 3), other, None, took)


def test_both_know_each_other_afterwards() -> None:
    connector, acceptor = _pair()
    frame: Any = connector.first()
    assert acceptor.first() is None
    sides = [acceptor, connector]
    while frame is not None:
        frame = sides[0].feed(list(frame))
        sides.reverse()
    assert connector.done
    assert acceptor.done
    assert (connector.peer_took, acceptor.peer_took) == (7, 3)
    assert (connector.peer, acceptor.peer) == (_hello("w1", 3), _hello("w2", 7))


def test_the_connector_sees_through_a_wrong_cookie_first() -> None:
    connector, acceptor = _pair(other=b"guess")
    answer = acceptor.feed(connector.first())
    with pytest.raises(HandshakeError, match="does not know the cookie"):
        connector.feed(answer)
    assert not acceptor.done


def test_the_acceptor_sees_through_a_wrong_proof() -> None:
    connector, acceptor = _pair()
    acceptor.feed(connector.first())
    for proof in (b"x" * 32, b"", "text", None):
        with pytest.raises(HandshakeError, match="does not know the cookie"):
            acceptor.feed([proof])
    assert not acceptor.done


def test_a_proof_cannot_be_reflected_or_replayed() -> None:
    connector, acceptor = _pair()
    answer = acceptor.feed(connector.first())
    with pytest.raises(HandshakeError):
        acceptor.feed([answer[-1]])
    proof = connector.feed(answer)
    later = Handshake(_hello("w1", 3, b"n" * 32), b"c")
    later.feed(connector.first())
    with pytest.raises(HandshakeError):
        later.feed(proof)


def test_the_node_must_be_the_one_that_was_dialled() -> None:
    connector, acceptor = _pair(dialled="w5")
    with pytest.raises(HandshakeError, match="not the node that was dialled"):
        connector.feed(acceptor.feed(connector.first()))


def test_a_node_does_not_greet_itself() -> None:
    with pytest.raises(HandshakeError, match="our own name"):
        Handshake(_hello("w1"), b"c").feed(_hello("w1").packed())


@pytest.mark.parametrize(
    "frame",
    [
        None,
        [],
        "text",
        {"a": 1},
        [PROTOCOL],
        [PROTOCOL, "w2", "one", b"n" * 32],
        [PROTOCOL, "w2", 1, b"short"],
        [PROTOCOL, "", 1, b"n" * 32],
        ["other/9", "w2", 1, b"n" * 32],
    ],
)
def test_anything_else_is_refused(frame: Any) -> None:
    with pytest.raises(HandshakeError):
        Handshake(_hello("w1"), b"c").feed(frame)


def test_a_refusal_is_passed_on_and_the_end_must_be_ok() -> None:
    connector, acceptor = _pair()
    connector.feed(acceptor.feed(connector.first()))
    with pytest.raises(HandshakeError, match="not the end"):
        connector.feed(["fine"])
    with pytest.raises(HandshakeError, match="stale"):
        connector.feed(["no", "stale"])
    assert not connector.done


def test_the_cookie_never_travels() -> None:
    connector, acceptor = _pair(b"very secret", b"very secret")
    first = connector.first()
    answer = acceptor.feed(first)
    assert b"very secret" not in repr([first, answer, connector.feed(answer)]).encode()
