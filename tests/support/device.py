"""device — one of several devices of a user, as a client plays it: stream management, carbons, archive, nodes.

    bea = await Device.come(server, "alice", "a")
    bea.say("hello", "bob@localhost")
    bea.cut()
    await bea.resume()
    assert bea.shown == ["hello", …]

It counts and acknowledges what it reads; after a resumption it says again what the server has not got. `shown` is what
its user sees, in that order: what came, what other devices have sent, and what the archive had that it did not know.
Its own messages are in `said`, for where they stand among the others it learns from the archive only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.support import pep_client
from tests.support.sm_client import ENABLE, SM, back
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.testing.client import Client
from xmppd.testing.server import Server

STANZAS = ("message", "presence", "iq")


@dataclass(eq=False)
class Device:
    """`got`: stanzas that it has read; `sent`: those that it has sent, of which the server has `told` so many."""

    server: Server
    user: str
    resource: str
    node: str
    client: Client | None = None
    id: str = ""
    got: int = 0
    told: int = 0
    sent: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    @classmethod
    async def come(cls, server: Server, user: str, resource: str, node: str) -> Device:
        """A device that has logged in, and wants to be told of `node`."""
        device = cls(server, user, resource, node)
        await device.log_in()
        return device

    @property
    def is_safe(self) -> bool:
        """Whether the server has said that it has all."""
        return self.told == len(self.sent)

    async def log_in(self) -> None:
        """A new session; then the archive is asked for what is missing."""
        self.client = await self.server.client(self.user, self.resource)
        self.client.send(ENABLE)
        answer = await self.client.expect("<enabled [^>]*/>")
        self.id = re.findall(" id='([^']+)'", answer)[0]
        self.got, self.told, self.sent = 0, 0, []
        known, self.shown = self.shown, []
        self._send(f"<iq type='set' id='c'><enable xmlns='{ns.CARBONS}'/></iq>")
        self._send(pep_client.presence(self.node))
        await self.server.settle()
        if pep_client.answer(self.client, self.node):
            self.sent.append("")
        missing = await self.archived()
        live, self.shown = self.shown, known
        for body in [*missing, *live]:  # what has come meanwhile is shown behind what the archive has
            if body not in self.shown and body not in self.said:
                self.shown.append(body)

    async def archived(self) -> list[str]:
        """All that the archive has, oldest first."""
        page = f"<set xmlns='{ns.RSM}'><max>250</max></set>"
        self._send(f"<iq type='set' id='mam'><query xmlns='{ns.MAM}'>{page}</query></iq>")
        found: list[str] = []
        while True:
            element = await self._next()
            if element.child("result", ns.MAM) is not None:
                found.append(body_of(element))
            elif element.get("id") == "mam":
                return found

    def say(self, body: str, to: str, *, heard: bool = True) -> None:
        """A message; `heard`: whether it comes to the server, whose connection may be gone by then."""
        self.said.append(body)
        stanza = f"<message to='{to}' type='chat'><body>{body}</body></message>"
        if heard:
            self._send(stanza)
        else:
            self.sent.append(stanza)

    def publish(self, id_: str) -> None:
        """An item of the node."""
        item = f"<publish node='{self.node}'><item id='{id_}'><x xmlns='urn:x'/></item></publish>"
        self._send(f"<iq type='set' id='p{id_}'><pubsub xmlns='{ns.PUBSUB}'>{item}</pubsub></iq>")

    def _send(self, stanza: str) -> None:
        assert self.client is not None
        self.sent.append(stanza)
        self.client.send(stanza)

    async def read(self) -> None:
        """All that has come."""
        assert self.client is not None
        while not self.client.nothing_more():
            await self._next()

    async def confirm(self) -> None:
        """Returns when the server has said that it has all."""
        assert self.client is not None
        self.client.send(f"<r xmlns='{SM}'/>")
        while not self.is_safe:
            await self._next()

    async def _next(self) -> Element:
        assert self.client is not None
        element = await self.client.receive()
        if element.name == "r":
            self.client.send(f"<a xmlns='{SM}' h='{self.got}'/>")
        elif element.name == "a":
            self.told = int(element.get("h") or 0)
        elif element.name in STANZAS:
            self.got += 1
            self._take(element)
        return element

    def _take(self, stanza: Element) -> None:
        if stanza.name != "message" or stanza.child("result", ns.MAM) is not None:
            return
        event = stanza.child("event", ns.PUBSUB_EVENT)
        if event is not None:
            self.heard += re.findall("<item id='([^']+)'", event.to_xml())
        elif body_of(stanza):
            self._show(body_of(stanza))

    def _show(self, body: str) -> None:
        if body in self.said:
            return
        (self.repeated if body in self.shown else self.shown).append(body)

    def cut(self) -> None:
        """The connection breaks; what has come and was not read is lost."""
        assert self.client is not None
        self.client.drop()
        self.client = None

    async def resume(self) -> None:
        """The session goes on over a new connection."""
        self.client = await back(self.server, self.id, self.got, self.user)
        answer = await self.client.expect("<(?:resumed|failed) [^>]*>")
        assert answer.startswith("<resumed "), answer
        self.told = int(re.findall(" h='([0-9]+)'", answer)[0])
        for stanza in self.sent[self.told :]:
            self.client.send(stanza)


def body_of(element: Element) -> str:
    """The text of a message, or of one that is forwarded in it; "" if it has none."""
    found = re.search("<body[^>]*>(.*?)</body>", element.to_xml())
    return found.group(1) if found else ""
