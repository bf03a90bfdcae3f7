"""What every accepted stream has: one way out, hand-over, waiting, coming back. A module plays it on a real wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from otp.erts import process
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import NextState
from tests.support import node
from tests.support.server import config, serving, streams
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID
from xmpp_core.parser import StreamEnd
from xmpp_core.stanza import Stanza, make_message
from xmpp_core.stream_events import Event, StreamFault
from xmppd.auth import auth
from xmppd.net.connection import Batch, Disconnected
from xmppd.routing import handler_table, hooks, nonzas
from xmppd.routing.context import Context
from xmppd.routing.deliver import Deliver, Kick
from xmppd.routing.hook_points import ConnectionLostHook, SessionClosedHook, SessionResumedHook, UserReceivePacketHook
from xmppd.routing.nonzas import Answer, HandOver, Nonza, NonzaKey, Resume
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm
from xmppd.stream import driver
from xmppd.stream.driver import Driver, Stream
from xmppd.testing.client import Client

NS = "urn:example:resume"
SM = ns.SM
OWNER = "mod_resume@localhost"


@dataclass
class Counter:
    """Counts, and keeps what left."""

    seen: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    contexts: list[Context | None] = field(default_factory=list)

    def counted_in(self, stanza: Element) -> None:
        self.seen.append(stanza.name)

    def heard(self, nonza: Element) -> bool:
        """The handlers are called."""
        return False

    def counted_out(
        self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...] = ()
    ) -> str:
        self.kept.append(xml)
        self.contexts.append(context)
        return ""


class Resuming:
    """As much of stream management as there are seams for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.counters: dict[JID, Counter] = {}
        self.closed: list[str] = []

    async def register(self) -> None:
        await hooks.add("localhost", ConnectionLostHook, self.lost)
        await hooks.add("localhost", SessionResumedHook, self.resumed)
        await hooks.add("localhost", SessionClosedHook, lambda point: self.closed.append(point.reason))
        handlers: list[tuple[NonzaKey, nonzas.Handler]] = [
            (NonzaKey(NS, "enable", True), self.enable),
            (NonzaKey(NS, "bad", True), self.bad),
            (NonzaKey(NS, "resume", False), self.resume),
        ]
        entries = tuple(nonzas.entry("localhost", kind, fn, OWNER) for kind, fn in handlers)
        await handler_table.register(hooks.TABLE, OWNER, entries)

    def enable(self, nonza: Nonza) -> Answer:
        assert nonza.session is not None
        assert nonza.session.stream is not None
        nonza.session.stream.counter = self.counters[nonza.session.jid] = Counter()
        return el("enabled", NS)

    def bad(self, _nonza: Nonza) -> Answer:
        raise StreamError("undefined-condition", "the counts do not agree")

    def lost(self, _seconds: float, point: ConnectionLostHook) -> float:
        return self.seconds if point.session.jid in self.counters else 0.0

    def resume(self, nonza: Nonza) -> Answer:
        jid = JID(nonza.user.local, nonza.user.domain, "balcony")
        rows = sm.sessions(nonza.user.bare)
        return HandOver(rows[0].pid) if rows else Resume(jid)

    def resumed(self, point: SessionResumedHook) -> None:
        stream = point.session.stream
        assert stream is not None
        counter = stream.counter = self.counters[point.session.jid]
        stream.send(el("resumed", NS, {"h": str(len(counter.seen))}))
        for xml in counter.kept[int(point.nonza.attrs["h"]) :]:
            stream.send(xml)


@asynccontextmanager
async def server(seconds: float = 30.0) -> AsyncIterator[tuple[int, Resuming]]:
    async with serving(config(modules={})) as port:
        for name in ("juliet", "romeo"):
            await auth.create_user(name, "localhost", "secret")
        resuming = Resuming(seconds)
        await resuming.register()
        yield port, resuming


def play(body: Callable[[int, Resuming], Awaitable[None]], seconds: float = 30.0) -> None:
    async def whole() -> None:
        async with server(seconds) as (port, resuming):
            await body(port, resuming)

    node.run(whole)


async def entered(port: int, user: str, resource: str) -> Client:
    client = await Client.connect(port)
    await client.login(user, resource)
    return client


async def enabled(port: int) -> Client:
    juliet = await entered(port, "juliet", "balcony")
    juliet.send(f"<enable xmlns='{NS}'/>")
    await juliet.expect("<enabled ")
    return juliet


async def back(port: int, h: int) -> Client:
    """Another connection, which asks for the session."""
    juliet = await Client.connect(port)
    await juliet.plain("juliet", "secret")
    await juliet.open()
    juliet.send(f"<resume xmlns='{NS}' h='{h}'/>")
    return juliet


def say(client: Client, text: str) -> None:
    client.send(f"<message type='chat' to='juliet@localhost/balcony'><body>{text}</body></message>")


def test_stanzas_are_counted_both_ways_and_nothing_else_is() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet, romeo = await enabled(port), await entered(port, "romeo", "orchard")
        counter = resuming.counters[JID.parse("juliet@localhost/balcony")]
        juliet.send("<message to='romeo@localhost/orchard'><body>one</body></message>")
        juliet.send(
            " <presence to='romeo@localhost/orchard'/> <message to='@'/>"
            "<iq id='s' type='set'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
        )
        await juliet.expect("jid-malformed.*<iq ")
        say(romeo, "two")
        await juliet.expect("two")
        assert counter.seen == ["message", "presence", "message", "iq"]
        assert [kept.partition(" ")[0] for kept in counter.kept] == ["<message", "<iq", "<message"]

    play(body)


def test_what_is_known_of_a_stanza_comes_with_it() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet = await enabled(port)
        [row] = sm.sessions("juliet@localhost")
        context = Context(archive_id="17", first_sent=5)
        process.send(row.pid, Deliver(make_message(row.jid, "first"), context=context))
        await juliet.expect("first")
        await hooks.add("localhost", UserReceivePacketHook, lambda stanza, _point: stanza)
        process.send(row.pid, Deliver(make_message(row.jid, "second"), context=context))
        await juliet.expect("second")
        assert resuming.counters[row.jid].contexts == [context, context]

    play(body)


def test_a_session_waits_for_another_connection_and_nothing_is_lost() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet, romeo = await enabled(port), await entered(port, "romeo", "orchard")
        say(romeo, "read")
        await juliet.expect("read")
        [row] = sm.sessions("juliet@localhost")
        juliet.transport.abort()
        data: Any = row.pid.target.state  # type: ignore[union-attr]
        await node.until(lambda: data.state == "wait_for_resume")
        await node.until(lambda: not sm.sessions("juliet@localhost")[0].attached)  # all nodes know that it waits
        say(romeo, "kept")
        await node.until(lambda: len(resuming.counters[row.jid].kept) == 2)
        juliet = await back(port, 1)
        got = await juliet.expect("<resumed .*<message.*?</message>")
        assert "kept" in got
        assert "read" not in got
        say(romeo, "live")
        await juliet.expect("live")
        assert sm.sessions("juliet@localhost") == (row,), "it is the same session, in the same process"
        await node.until(lambda: process.is_alive(row.pid) and len(resuming.closed) == 0)
        juliet.send("<message to='romeo@localhost/orchard'><body>hello</body></message></stream:stream>")
        await romeo.expect("hello")
        await juliet.gone()
        await node.until(lambda: resuming.closed == ["normal"])

    play(body)


def test_what_was_said_behind_the_wish_to_resume_is_heard_by_the_session() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet, romeo = await enabled(port), await entered(port, "romeo", "orchard")
        juliet.transport.abort()
        second = await Client.connect(port)
        await second.plain("juliet", "secret")
        await second.open()
        words = "".join(f"<message to='romeo@localhost/orchard'><body>w{i};</body></message>" for i in range(400))
        second.send(f"<resume xmlns='{NS}' h='0'/>{words}")
        await second.expect("<resumed ")
        for i in range(400):
            await romeo.expect(f"w{i};")
        [row] = sm.sessions("juliet@localhost")
        assert resuming.counters[row.jid].seen == ["message"] * 400

    play(body)


def test_the_older_connection_is_told_of_a_conflict_where_it_is_still_there() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        first = await enabled(port)
        [row] = sm.sessions("juliet@localhost")
        second = await back(port, 0)
        await second.expect("<resumed ")
        assert "<conflict" in await first.gone()
        second.send("<message to='juliet@localhost/balcony'><body>me</body></message>")
        await second.expect("me</body>")
        assert sm.sessions("juliet@localhost") == (row,)
        assert len(await streams()) == 1
        assert resuming.closed == []

    play(body)


def test_nobody_comes_and_the_session_ends() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet = await enabled(port)
        juliet.transport.abort()
        await node.until(lambda: resuming.closed == ["normal"])
        assert sm.sessions("juliet@localhost") == ()

    play(body, seconds=0.05)


def test_without_a_wish_a_lost_connection_ends_the_session() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet = await entered(port, "juliet", "balcony")
        juliet.transport.abort()
        await node.until(lambda: resuming.closed == ["normal"])

    play(body)


def test_a_session_that_waits_hears_that_it_has_to_go() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet = await enabled(port)
        juliet.transport.abort()
        [row] = sm.sessions("juliet@localhost")
        data: Any = row.pid.target.state  # type: ignore[union-attr]
        await node.until(lambda: data.state == "wait_for_resume")
        process.send(row.pid, Kick())
        await node.until(lambda: resuming.closed == ["normal"])

    play(body)


def test_a_stream_goes_on_as_a_session_whose_process_is_no_more() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        juliet, romeo = await enabled(port), await entered(port, "romeo", "orchard")
        [row] = sm.sessions("juliet@localhost")
        process.exit_(row.pid, "kill")
        await node.until(lambda: not sm.sessions("juliet@localhost"))
        await juliet.gone()
        juliet = await back(port, 0)
        await juliet.expect("<resumed ")
        say(romeo, "again")
        await juliet.expect("again")
        [session] = sm.sessions("juliet@localhost")
        assert session.jid == row.jid

    play(body)


def test_a_session_that_ends_meanwhile_is_not_waited_for() -> None:
    async def body(port: int, resuming: Resuming) -> None:
        gone = process.spawn(lambda: None)
        await node.until(lambda: not process.is_alive(gone))
        handler = nonzas.entry(
            "localhost", NonzaKey(SM, "resume", False), lambda _nonza: HandOver(gone), "mod_gone@localhost"
        )
        await handler_table.register(hooks.TABLE, "mod_gone@localhost", (handler,))
        juliet = await Client.connect(port)
        await juliet.plain("juliet", "secret")
        await juliet.open()
        juliet.send(f"<resume xmlns='{SM}' previd='1' h='0'/>")
        await juliet.expect("<failed .*</failed>")
        juliet.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        await juliet.expect("<jid>juliet@localhost/")

    play(body)


def test_a_nonza_that_nobody_wants_or_that_is_wrong_ends_the_stream() -> None:
    async def body(port: int, _resuming: Resuming) -> None:
        juliet = await entered(port, "juliet", "balcony")
        juliet.send(f"<unknown xmlns='{NS}'/>")
        assert "<unsupported-stanza-type" in await juliet.gone()
        juliet = await entered(port, "juliet", "balcony")
        juliet.send(f"<bad xmlns='{NS}'/>")
        assert "<undefined-condition" in await juliet.gone()

    play(body)


# -- a stream of one's own


class Echo(Driver[Stream]):
    """Sends back what it hears."""

    def init(self, stream: Stream, budget: float) -> tuple[str, Stream]:
        return self.begin(stream, budget)

    async def event(self, event: Event, stream: Stream) -> None:
        if isinstance(event, Element):
            stream.send(event)
        elif isinstance(event, StreamFault):
            await self.end(event.error, stream)
        elif isinstance(event, StreamEnd):
            await self.end(None, stream)
        else:
            await self.end(StreamError("connection-timeout"), stream)


class Wire:
    """A connection that remembers."""

    closing = congested = opened = False
    peer = "192.0.2.1"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.read = 0

    def open(self, _header: Any) -> None:
        self.opened = True
        self.sent.append("header")

    def send(self, text: str) -> None:
        self.sent.append(text)

    def close(self, error: StreamError | None = None) -> None:
        self.sent.append(error.condition if error is not None else "end")

    def consumed(self, size: int, seconds: float = 0.0) -> None:
        self.read += size

    def drop(self) -> None:
        self.sent.append("drop")


async def echo(budget: float = 60.0) -> tuple[Any, Wire]:
    wire: Any = Wire()
    return await gen_fsm.start(Echo, Stream(connection=wire), budget), wire


def test_a_header_goes_before_the_last_words_and_they_are_said_once() -> None:
    async def body() -> None:
        for message, words in ((Kick("policy-violation"), "policy-violation"), (None, "connection-timeout")):
            pid, wire = await echo(60.0 if message else 0.01)
            if message is not None:
                process.send(pid, message)
            await node.until(lambda pid=pid: not process.is_alive(pid))  # type: ignore[misc]
            assert wire.sent == ["header", words, "drop"]

    node.run(body)


def test_a_long_batch_gives_way_and_is_consumed_when_it_is_dealt_with() -> None:
    async def body() -> None:
        pid, wire = await echo()
        batch = Batch([el(f"a{i}", "jabber:client") for i in range(100)], 700, 1)
        gen_fsm.send_event(pid, batch)
        behind: list[int] = []
        while not wire.read:
            behind.append(len(wire.sent))
            await process.sleep(0)
        assert len(wire.sent) == 100
        assert {driver.AT_MOST, 2 * driver.AT_MOST} <= set(behind)
        assert wire.read == 700

    node.run(body)


def test_a_fault_of_ours_is_told_as_such_and_a_lost_connection_is_not() -> None:
    async def body() -> None:
        pid, wire = await echo()
        gen_fsm.send_event(pid, Batch([object()], 1, 1))
        await node.until(lambda: not process.is_alive(pid))
        assert "connection-timeout" in wire.sent
        pid, wire = await echo()
        process.exit_(pid, "oops")
        await node.until(lambda: not process.is_alive(pid))
        assert wire.sent == ["header", "internal-server-error", "drop"]

    node.run(body)


def test_what_lies_behind_the_event_in_hand_goes_with_the_connection() -> None:
    wire: Any = Wire()
    given: list[float] = []
    wire.outlive = given.append
    stream = Stream(connection=wire, batch=Batch(["a", "b", "c"], 3, 1), at=1)
    assert stream.more
    assert driver.give_away(stream, 5.0) is wire
    assert stream.batch is not None
    assert stream.batch.events == ["c"]
    assert given == [5.0]
    stream.send("<presence/>")
    assert wire.sent == []


def test_its_table_is_asked_what_an_event_means() -> None:
    assert isinstance(driver.as_event(StreamError("conflict")), StreamFault)
    stream = Stream(connection=Wire())  # type: ignore[arg-type]
    assert type(driver.go_on(stream)) is NextState
    stream.state = driver.CLOSED
    assert type(driver.go_on(stream)) is not NextState
    assert driver.in_short(Disconnected("x")) == "Disconnected"


def test_a_session_knows_its_stream_while_it_is_open() -> None:
    async def body(port: int, _resuming: Resuming) -> None:
        sessions: list[C2sSession] = []
        await hooks.add("localhost", SessionClosedHook, lambda point: sessions.append(point.session))
        juliet = await entered(port, "juliet", "balcony")
        juliet.send("</stream:stream>")
        await node.until(lambda: sessions)
        assert sessions[0].stream is None

    play(body)
