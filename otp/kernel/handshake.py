"""handshake — how two nodes prove to each other that they know the cookie. Pure.

OTP:      the distribution handshake, erl_dist_protocol (names, creations, challenges)
Way:      link (frames) → [handshake] → carrier.up
Differs:  HMAC-SHA256 over both greetings, compared in constant time; the cookie itself never travels

      connector                                   acceptor
      Hello(name, creation, nonce)        ->
                                          <-      Hello(name, creation, nonce), proof
      proof, taken                        ->
                                          <-      "ok", taken     (or, at any point: "no", why)

`taken` is how many octets were taken of the last link with this life of the other: what came after is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

PROTOCOL: Final = "otp-dist/1"
#: longest frame before the peer has proved anything, in bytes
MAX_GREETING: Final = 1024
NONCE_BYTES: Final = 32


Took = Callable[[str, int], int]


class HandshakeError(Exception):
    """The peer is not one of us, or says that we are not one of them."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who a node says it is: its name, its generation, and a fresh random nonce."""

    name: str
    creation: int
    nonce: bytes

    def packed(self) -> list[Any]:
        """As it travels."""
        return [PROTOCOL, self.name, self.creation, self.nonce]


class Handshake:
    """One side of a handshake: feed it frames, send what it returns, until `done`.

    `expects` is the name that the connector dialled, None for the acceptor. `took(name, creation)` tells how much was
    taken of the last link with the peer. `peer` is the other side's Hello and `peer_took` its answer to the same
    question, to be believed once `done`.
    """

    def __init__(self, me: Hello, cookie: bytes, expects: str | None = None, took: Took = lambda *_: 0) -> None:
        self.me, self.peer = me, None if expects is None else Hello(expects, 0, b"")
        self.done = False
        self.peer_took = 0
        self._took = took
        self._cookie, self._connector = cookie, expects is not None
        self._step: Callable[[list[Any]], list[Any] | None]
        self._step = self._greeting if expects is None else self._answer

    def first(self) -> list[Any] | None:
        """What to send before anything came: the connector begins."""
        return self.me.packed() if self._connector else None

    def feed(self, frame: Any) -> list[Any] | None:
        """Take a frame (as codec.load gave it); the frame to send, if any. Raises HandshakeError."""
        if not isinstance(frame, list) or not frame:
            raise HandshakeError("not a greeting")
        if frame[0] == "no":
            raise HandshakeError(f"refused by the peer: {str(frame[1:])[:200]}")
        return self._step(frame)

    def _greeting(self, frame: list[Any]) -> list[Any]:
        self.peer = _hello(frame)
        if self.peer.name == self.me.name:
            raise HandshakeError(f"the peer claims our own name {self.me.name!r}")
        self._step = self._proof
        return [*self.me.packed(), self._digest(b"acceptor")]

    def _answer(self, frame: list[Any]) -> list[Any]:
        dialled = self.peer
        self.peer = _hello(frame[:-1])
        if dialled is None or self.peer.name != dialled.name:
            raise HandshakeError(f"the peer is {self.peer.name!r}, not the node that was dialled")
        self._check(frame[-1], b"acceptor")
        self._step = self._last
        return [self._digest(b"connector"), self._took(self.peer.name, self.peer.creation)]

    def _proof(self, frame: list[Any]) -> list[Any]:
        self._check(frame[0], b"connector")
        self.peer_took = _octets(frame)
        self.done = True
        assert self.peer is not None
        return ["ok", self._took(self.peer.name, self.peer.creation)]

    def _last(self, frame: list[Any]) -> None:
        if frame[0] != "ok":
            raise HandshakeError("not the end of a handshake")
        self.peer_took = _octets(frame)
        self.done = True

    def _check(self, proof: Any, role: bytes) -> None:
        if not isinstance(proof, bytes) or not hmac.compare_digest(proof, self._digest(role)):
            raise HandshakeError("the peer does not know the cookie")

    def _digest(self, role: bytes) -> bytes:
        assert self.peer is not None
        pair = (self.me, self.peer) if self._connector else (self.peer, self.me)
        transcript = msgspec.msgpack.encode([role, *(hello.packed() for hello in pair)])
        return hmac.new(self._cookie, transcript, hashlib.sha256).digest()


def _octets(frame: list[Any]) -> int:
    match frame:
        case [_, int(octets)] if octets >= 0:
            return octets
    raise HandshakeError("not the end of a handshake")


def _hello(frame: list[Any]) -> Hello:
    match frame:
        case [str(protocol), str(name), int(creation), bytes(nonce)] if len(nonce) == NONCE_BYTES and name:
            if protocol != PROTOCOL:
                raise HandshakeError(f"the peer speaks {protocol!r}, not {PROTOCOL!r}")
            return Hello(name, creation, nonce)
    raise HandshakeError("not a greeting")
