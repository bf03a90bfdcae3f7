"""Sessions of bound clients, without a wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from tests.support import node
from tests.support.server import config, serving
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID
from xmpp_core.parser import parse_document
from xmpp_core.stanza import Stanza, make_iq, make_message, make_presence
from xmpp_core.stream_state import StreamConfig, StreamState
from xmppd.routing import hooks
from xmppd.routing.deliver import Deliver
from xmppd.routing.hook_points import SessionClosedHook, UserReceivePacketHook, UserReceivePresenceHook
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.session import new_session
from xmppd.routing.sm import sm
from xmppd.stream import c2s_session
from xmppd.stream.c2s_session import C2sData, C2sSettings

JULIET = JID("juliet", "localhost", "balcony")


class Wire:
    """A connection that remembers."""

    peer = "192.0.2.1"
    limit = 4 << 20
    stuck = False

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.congested = False
        self.waited = 0

    def tls_version(self) -> str:
        return ""

    def authenticated(self) -> None:
        pass

    def send(self, data: str) -> None:
        self.sent.append(data)

    def tell_writable(self, fn: Callable[[], object]) -> None:
        self.waited += 1
        if not self.stuck:
            self.congested = False
            fn()


async def bound() -> Any:
    connection: Any = Wire()
    settings = C2sSettings(StreamConfig(hosts={"localhost"}, plain_without_tls=True))
    data = C2sData(connection=connection, settings=settings, fsm=StreamState(host="localhost"), how="PLAIN")
    data.timer = process.send_after(60.0, process.self_(), "late")
    await c2s_session.open_session(data, JULIET)
    return data


def play(body: Any) -> None:
    async def whole() -> None:
        async with serving(config(modules={})):
            await body()

    node.run(whole)


def test_it_is_in_the_table_until_it_is_closed() -> None:
    async def body() -> None:
        closed: list[str] = []
        await hooks.add("localhost", SessionClosedHook, lambda point: closed.append(point.reason))
        data = await bound()
        assert data.timer is None
        assert [s.jid for s in sm.sessions("juliet@localhost")] == [JULIET]
        await c2s_session.close_session(data, "normal")
        await c2s_session.close_session(data, "normal")
        assert sm.sessions("juliet@localhost") == ()
        assert closed == ["normal"]

    play(body)


def test_a_stanza_is_written_at_once_while_nobody_must_be_waited_for() -> None:
    async def later(acc: Any, _point: Any) -> Any:
        await asyncio.sleep(0)
        return acc

    async def body() -> None:
        data = await bound()
        sent = data.connection.sent

        def begin(stanza: Stanza) -> Any:
            return c2s_session.begin_write(data, data.session, Deliver(stanza))

        assert begin(make_message(JULIET, "hello")) is None
        assert "<body>hello</body>" in sent[0]
        await hooks.add("localhost", UserReceivePresenceHook, lambda acc, _point: acc)
        await hooks.add("localhost", UserReceivePacketHook, lambda acc, _point: acc)
        assert begin(make_presence(JULIET)) is None
        assert begin(make_message(JULIET, "hello")) is None
        assert len(sent) == 3
        await hooks.add("localhost", UserReceivePresenceHook, later)
        rest = begin(make_presence(JULIET))
        assert len(sent) == 3
        await rest
        assert len(sent) == 4

    play(body)


def test_what_a_module_keeps_from_the_client_is_not_written() -> None:
    async def body() -> None:
        data = await bound()
        await hooks.add("localhost", UserReceivePresenceHook, lambda _acc, _point: hooks.Stop(None))
        assert c2s_session.begin_write(data, data.session, Deliver(make_presence(JULIET))) is None
        assert data.connection.sent == []

    play(body)


def test_a_slow_reader_is_waited_for() -> None:
    async def body() -> None:
        data = await bound()
        data.connection.congested = True
        rest = c2s_session.begin_write(data, data.session, Deliver(make_message(JULIET, "hello")))
        assert data.connection.sent == []
        assert rest is not None
        await rest
        assert data.connection.waited == 1

    play(body)


def test_a_reader_too_slow_for_what_waits_is_let_go() -> None:
    async def body() -> None:
        data = await bound()
        data.connection.congested = data.connection.stuck = True
        data.connection.limit = 200_000
        for _ in range(3):
            process.send(process.self_(), Deliver(make_message(JULIET, "x" * 50_000)))
        with pytest.raises(StreamError, match="resource-constraint"):
            await c2s_session.write(data, data.session, Deliver(make_message(JULIET, "hello")))

    play(body)


def test_what_came_too_late_is_routed_again() -> None:
    async def body() -> None:
        data = await bound()
        romeo = JID("romeo", "localhost", "orchard")
        other = new_session(romeo, process.spawn(_collect, process.self_()))
        await sm.open_session(other)
        process.send(process.self_(), Deliver(make_presence(JULIET, from_=romeo)))
        process.send(process.self_(), Deliver(make_message(JULIET, "too late", from_=romeo)))
        await c2s_session.close_session(data, "normal")
        kind, stanza = await process.receive(lambda m: isinstance(m, tuple), 5.0)
        assert kind == "collected"
        assert stanza.is_error
        assert stanza.body == "too late"

    play(body)


async def _collect(parent: Pid) -> None:
    message = await process.receive(lambda m: isinstance(m, Deliver))
    process.send(parent, ("collected", message.stanza))


def test_one_stanza_that_fails_on_its_way_back_does_not_keep_the_others() -> None:
    async def body() -> None:
        data = await bound()
        request = make_iq("get", "1", Element("urn:x", "q"), from_=JULIET, to=JULIET.bare_jid())
        deep = Element("urn:x", "a")
        for _ in range(200):
            deep = Element("urn:x", "a", {}, [deep])
        for stanza in (request.result(deep), SerializedIq(request, "<q xmlns='urn:x'/>")):
            process.send(process.self_(), Deliver(stanza))
        await c2s_session.close_session(data, "normal")
        assert "<q xmlns='urn:x'/>" in data.connection.sent[-1]

    play(body)


def test_what_it_sends_bears_its_full_address() -> None:
    async def body() -> None:
        data = await bound()
        element = Element("jabber:client", "message", {"to": "juliet@localhost/balcony", "from": "juliet@localhost"})
        await c2s_session.send_on(data, data.session, element)
        got = await process.receive(lambda m: isinstance(m, Deliver), 5.0)
        assert got.stanza.from_ == JULIET
        assert got.stanza.el.attrs["from"] == JULIET.full

    play(body)


def test_an_error_to_a_malformed_address_is_dropped() -> None:
    async def body() -> None:
        data = await bound()
        for type_ in ("error", "result"):
            await c2s_session.send_on(data, data.session, Element("jabber:client", "iq", {"to": "@", "type": type_}))
        assert data.connection.sent == []
        await c2s_session.send_on(data, data.session, Element("jabber:client", "message", {"to": "@"}))
        assert "jid-malformed" in data.connection.sent[0]

    play(body)


def test_marks_in_the_servers_name_do_not_leave_a_client() -> None:
    async def body() -> None:
        data = await bound()
        text = (
            "<message xmlns='jabber:client' to='juliet@localhost/balcony'>"
            "<delay xmlns='urn:xmpp:delay' from='Localhost' stamp='2002-09-10T23:08:25Z'/>"
            "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='forged'/>"
            "<delay xmlns='urn:xmpp:delay' from='room@elsewhere.test' stamp='2002-09-10T23:08:25Z'/>"
            "<body>hi</body></message>"
        )
        await c2s_session.send_on(data, data.session, parse_document(text))
        delivered = await process.receive(lambda m: isinstance(m, Deliver), timeout=5)
        names = [(c.name, c.get("from")) for c in delivered.stanza.el.elements()]
        assert names == [("delay", "room@elsewhere.test"), ("body", None)]

    play(body)
