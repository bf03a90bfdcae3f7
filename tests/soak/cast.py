"""cast — who makes the load: users with a session that comes, goes, detaches and resumes, and strangers.

Each user is a task of asyncio with one account. What it does next is drawn from a weighted list, with a generator of
its own, so that a run can be repeated (`--seed`). What was sent and came is told to the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from tests.soak.ledger import Ledger
from tests.soak.sm_client import Out, Refused, SmClient
from tests.support.wire import ROSTER, local

VCARD, PRIVATE, PING = "vcard-temp", "jabber:iq:private", "urn:xmpp:ping"
REGISTER = "jabber:iq:register"
#: what strangers send instead of a stream
HOSTILE: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"<stream:stream",
    b"\xff\xfe<\x00",
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><stream:stream xmlns='jabber:client'>",
    b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'"
    b" to='localhost' version='1.0'>" + b"<a>" * 200,
    b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'"
    b" to='localhost' version='1.0'><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>////</auth>",
    b" " * 9000,
)


@dataclass
class World:
    """What all of them share. `quiet`: nobody begins anything new."""

    port: int
    ledger: Ledger = field(default_factory=Ledger)
    names: Sequence[str] = ()
    seed: int = 0
    managed: bool = True
    quiet: bool = False
    complaints: list[str] = field(default_factory=list)
    #: (seconds since the epoch, seconds it took or None) of the logins of a client that does nothing else
    logins: list[tuple[float, float | None]] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    #: (seconds since the epoch, who, what) of the last while, to explain what is wrong
    history: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=200_000))

    def note(self, who: str, what: str) -> None:
        """Something that may explain a loss."""
        self.history.append((time.time(), who, what))


class User:
    """One account, and the session it has or will have again."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.random = random.Random(f"{world.seed}/{name}")
        self.client = SmClient(lambda: world.port, name, "phone", self.got, managed=world.managed)
        #: messages by the count that confirms them
        self.unconfirmed: list[tuple[int, int]] = []
        self.step = 0
        self.back: list[float] = []

    # -- what comes

    def got(self, element: Element, count: int) -> None:
        """A stanza from the server."""
        if local(element) != "message":
            if local(element) == "presence" and element.get("type") == "subscribe":
                self.client.send(Out(f"<presence to='{element.get('from')}' type='subscribed'/>"))
            return
        ident = element.get("id") or ""
        if not ident.startswith("m"):
            return
        number = int(ident[1:])
        if element.get("type") == "error":
            self.world.ledger.give_back(number)
            return
        body = element.findtext("{jabber:client}body") or ""
        if body.partition(" ")[0] != ident:
            self.world.complaints.append(f"{self.name}: {ident} came as {body[:60]!r}")
        self.world.ledger.receive(number, self.name)
        self.world.note(self.name, f"got m{number} as {count}")
        self.unconfirmed.append((count, number))

    # -- what it does

    async def live(self) -> None:
        """Until the world is quiet."""
        deeds = (self.chat, self.note, self.note, self.absent, self.leave, self.tell, self.befriend, self.sleepy)
        weights = (30, 4, 4, 3, 2, 5, 3, 1)
        while not self.world.quiet:
            if not self.client.up:
                await self.come()
                continue
            [deed] = self.random.choices(deeds, weights)
            await deed()
            self.world.ledger.counts[deed.__name__] += 1
            await asyncio.sleep(self.random.random() * 0.1)

    async def come(self) -> None:
        """Connect: the session of before goes on, or a new one begins; tried until it succeeds."""
        begun = time.monotonic()
        while True:
            try:
                had = bool(self.client.stream_id)
                resumed = await self.client.connect()
            except (Refused, OSError):
                await asyncio.sleep(0.02 + self.random.random() * 0.1)
                continue
            break
        self.back.append(time.monotonic() - begun)
        h = f"server's h {self.client.base}, own {self.client.h_in}"
        self.world.note(self.name, f"{'resumed' if resumed else 'bound'} {self.client.stream_id[:6]}, {h}")
        if resumed:
            self.world.ledger.counts["resumed"] += 1
        else:
            self.unconfirmed.clear()
            if had:
                self.world.ledger.counts["not resumed"] += 1
                self.world.complaints.append(f"{self.name}: a session was not resumed: {self.client.why_not}")
            await self.client.ask("get", f"<query xmlns='{ROSTER}'/>")
            self.client.send(Out("<presence/>"))

    async def chat(self) -> None:
        """A few messages to one other user, and the wish to have them acknowledged."""
        other = self.random.choice([name for name in self.world.names if name != self.name])
        for _ in range(self.random.randint(1, 8)):
            self.message(other)
        self.client.write("<r xmlns='urn:xmpp:sm:3'/>" if self.client.stream_id else "")
        if self.random.random() < 0.3:
            await self.confirm()

    def message(self, other: str) -> int:
        """One message; its number."""
        ledger = self.world.ledger
        number = ledger.send(self.name, other)
        text = "x" * self.random.choice((0, 10, 200, 2000))
        self.world.note(self.name, f"sends m{number} to {other}")
        self.client.send(
            Out(
                f"<message type='chat' id='m{number}' to='{other}@localhost'><body>m{number} {text}</body></message>",
                lambda: self.acknowledged(number),
                lambda: self.repeated(number),
            )
        )
        return number

    def acknowledged(self, number: int) -> None:
        """The server has it."""
        self.world.ledger.acknowledge(number)
        self.world.note(self.name, f"acknowledged m{number}")

    def repeated(self, number: int) -> None:
        """It leaves again, behind a resumption."""
        self.world.ledger.repeat(number)
        self.world.note(self.name, f"repeats m{number}")

    async def confirm(self) -> bool:
        """<a/>, and an answer that shows that it was read."""
        self.client.say_count()
        covered, self.unconfirmed = self.unconfirmed, []
        if await self.client.ask("get", f"<ping xmlns='{PING}'/>", "localhost") is None:
            self.unconfirmed = covered + self.unconfirmed
            return False
        for _, number in covered:
            self.world.ledger.confirm(number)
        return True

    async def note(self) -> None:
        """A roster item, a vCard or a private fragment; once there is a result it may not be lost."""
        self.step += 1
        kind, value = self.random.choice(("roster", "vcard", "private")), f"v{self.step}"
        item = f"friend{self.random.randrange(5)}@elsewhere.test"
        payload = {
            "roster": f"<query xmlns='{ROSTER}'><item jid='{item}' name='{value}'/></query>",
            "vcard": f"<vCard xmlns='{VCARD}'><FN>{value}</FN></vCard>",
            "private": f"<query xmlns='{PRIVATE}'><x xmlns='urn:soak'>{value}</x></query>",
        }[kind]
        key = (self.name, kind, item if kind == "roster" else "")
        self.world.ledger.ask(key, value)
        answer = await self.client.ask("set", payload)
        if answer is not None and answer.get("type") == "result":
            self.world.ledger.answered(key, value)

    async def absent(self) -> None:
        """The connection breaks; after a while the session is resumed."""
        self.world.note(self.name, "drops")
        self.client.drop()
        await self.rest(self.random.choice((0.0, 0.2, 1.0, 3.0)))

    async def leave(self) -> None:
        """The stream ends in order; messages go to the store meanwhile."""
        await self.confirm()
        self.world.note(self.name, "closes")
        await self.client.close()
        await self.rest(self.random.choice((0.0, 0.5, 2.0)))

    async def rest(self, seconds: float) -> None:
        """Do nothing for a while; not longer than the world is loud."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.world.quiet:
            await asyncio.sleep(0.02)

    async def tell(self) -> None:
        """Presence."""
        self.step += 1
        self.client.send(Out(f"<presence><status>{self.step}</status></presence>"))

    async def befriend(self) -> None:
        """A subscription begins or ends; both rosters change."""
        other = self.random.choice([name for name in self.world.names if name != self.name])
        type_ = self.random.choice(("subscribe", "subscribe", "unsubscribe", "unsubscribed"))
        self.client.send(Out(f"<presence to='{other}@localhost' type='{type_}'/>"))

    async def sleepy(self) -> None:
        """It does not read for a while."""
        self.client.paused.clear()
        await self.rest(self.random.choice((0.5, 1.5)))
        self.client.paused.set()

    # -- the end

    async def settle(self) -> bool:
        """Be here, with everything acknowledged and nothing missing; whether that is so now."""
        self.client.paused.set()
        if not self.client.up:
            await self.come()
        if not await self.confirm():
            return False
        self.client.write("<r xmlns='urn:xmpp:sm:3'/>" if self.client.stream_id else "")
        deadline = time.monotonic() + 2.0
        while self.client.unacknowledged and self.client.up and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return not self.client.unacknowledged and not self.world.ledger.waiting_for(self.name)

    async def facts(self) -> dict[tuple[str, ...], str]:
        """What the server says now of what was noted, and the subscriptions. Raises AssertionError."""
        found: dict[tuple[str, ...], str] = {}
        roster = await self.client.ask("get", f"<query xmlns='{ROSTER}'/>")
        vcard = await self.client.ask("get", f"<vCard xmlns='{VCARD}'/>")
        private = await self.client.ask("get", f"<query xmlns='{PRIVATE}'><x xmlns='urn:soak'/></query>")
        assert roster is not None, "no answer"
        assert vcard is not None, "no answer"
        assert private is not None, "no answer"
        for item in roster.iter(f"{{{ROSTER}}}item"):
            bare = item.attrib["jid"]
            found[self.name, "roster", bare] = item.get("name", "")
            found[self.name, "subscription", bare.partition("@")[0]] = item.get("subscription", "none")
        found[self.name, "vcard", ""] = vcard.findtext(f".//{{{VCARD}}}FN") or ""
        found[self.name, "private", ""] = private.findtext(".//{urn:soak}x") or ""
        return found


# -- others


async def stranger(world: World, seed: int) -> None:
    """Connects and sends what is no stream."""
    chance = random.Random(f"{world.seed}/stranger/{seed}")
    while not world.quiet:
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
            try:
                writer.write(chance.choice(HOSTILE))
                await asyncio.wait_for(reader.read(65536), chance.random())
            finally:
                writer.transport.abort()
            world.ledger.counts["hostile"] += 1
        await asyncio.sleep(chance.random() * 0.5)


async def visitor(world: World, name: str) -> None:
    """Logs in and leaves, again and again: how long the service is away is seen here."""
    client = SmClient(lambda: world.port, name, "", lambda *_: None, managed=False)
    while not world.quiet:
        begun, at = time.monotonic(), time.time()
        try:
            await client.connect()
            world.logins.append((at, time.monotonic() - begun))
        except (Refused, OSError):
            world.logins.append((at, None))
        client.drop()
        await asyncio.sleep(0.05)


async def newcomer(world: World) -> None:
    """Makes accounts in band; each that was acknowledged must be there at the end."""
    number = 0
    while not world.quiet:
        number += 1
        name = f"new{world.seed}x{number}"
        if await register(world.port, name):
            world.registered.append(name)
        await asyncio.sleep(0.5)


async def register(port: int, name: str) -> bool:
    """XEP-0077 before the login; whether the server has said that the account is made."""
    client = SmClient(lambda: port, name, "", lambda *_: None, managed=False)
    fields = f"<username>{name}</username><password>secret</password>"
    with contextlib.suppress(Refused, OSError, TimeoutError):
        async with asyncio.timeout(5.0):
            return await client.register(f"<query xmlns='{REGISTER}'>{fields}</query>")
    client.drop()
    return False
