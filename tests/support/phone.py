"""phone — a client with stream management on a real socket: it counts, acknowledges, is cut off, comes back."""

from __future__ import annotations

import contextlib
import time

from tests.support.booted import Booted
from tests.support.wire import PATIENCE, Ended, Silence, Wire, local, show

SM = "urn:xmpp:sm:3"
STANZAS = ("message", "presence", "iq")


class Phone:
    """`got`: stanzas that have come, which is its h; `told`: of how many of its own the server has said that they are
    handled; `bodies` of messages, in their order; `gone`: JIDs of whom `unavailable` has come."""

    def __init__(self, server: Booted, user: str, wire: Wire) -> None:
        self.server, self.user, self.wire = server, user, wire
        self.got = self.sent = self.told = 0
        self.bodies: list[str] = []
        self.gone: list[str] = []
        wire.send(f"<enable xmlns='{SM}' resume='true'/>")
        answer = self._find("enabled")
        self.id = answer.get("id") or ""
        self.jid = wire.jid

    def _take(self, seconds: float = PATIENCE):  # type: ignore[no-untyped-def]
        element = self.wire.next(seconds)
        if local(element) in STANZAS:
            self.got = (self.got + 1) % 2**32
            if local(element) == "message":
                self.bodies.append(element.findtext("{jabber:client}body") or "")
            if element.get("type") == "unavailable":
                self.gone.append(element.get("from") or "")
        elif local(element) == "r":
            self.wire.send(f"<a xmlns='{SM}' h='{self.got}'/>")
        elif local(element) == "a":
            self.told = int(element.get("h") or 0)
        return element

    def _find(self, name: str, seconds: float = PATIENCE):  # type: ignore[no-untyped-def]
        until = time.monotonic() + seconds
        while True:
            element = self._take(max(until - time.monotonic(), 0.001))
            if local(element) == name:
                return element

    def say(self, *stanzas: str) -> None:
        """Send stanzas."""
        self.sent += len(stanzas)
        self.wire.send("".join(stanzas))

    def safe(self, seconds: float = PATIENCE) -> None:
        """Ask, and wait until all that was sent is handled."""
        self.wire.send(f"<r xmlns='{SM}'/>")
        until = time.monotonic() + seconds
        while self.told < self.sent:
            self._take(max(until - time.monotonic(), 0.001))

    def read_until(self, last: str, seconds: float = PATIENCE) -> None:
        """Read until a message says so."""
        until = time.monotonic() + seconds
        while last not in self.bodies:
            self._take(max(until - time.monotonic(), 0.001))

    def read_what_is_there(self) -> None:
        """Read until nothing comes for a moment, or the stream has ended."""
        with contextlib.suppress(Silence, Ended):
            while True:
                self._take(0.3)

    def drop(self) -> None:
        """The connection breaks."""
        self.wire.drop()

    def connect(self) -> None:
        """A new connection, logged in and not bound. Raises what sockets raise."""
        self.wire = self.server.wire()
        self.wire.open()
        self.wire.authenticate(self.user, "secret")
        self.wire.open()

    def resume(self) -> bool:
        """Asks for the session; whether it is there."""
        self.wire.send(f"<resume xmlns='{SM}' previd='{self.id}' h='{self.got}'/>")
        answer = self.wire.next()
        if local(answer) == "resumed":
            self.told = int(answer.get("h") or 0)
            return True
        assert local(answer) == "failed", show(answer)
        return False

    def back(self) -> bool:
        """A new connection, and the session over it."""
        self.connect()
        return self.resume()

    def back_within(self, seconds: float = 10.0) -> float:
        """As soon as anybody serves; the seconds that it took. Raises AssertionError if the session is not there."""
        began = time.monotonic()
        while True:
            try:
                assert self.back(), "the session is not there any more"
            except (OSError, Ended, Silence):
                assert time.monotonic() - began < seconds, "nobody serves"
                time.sleep(0.005)
            else:
                return time.monotonic() - began
