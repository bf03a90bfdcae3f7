"""c2s — a client's stream, from its header to its end: a client's callbacks on the driver of accepted streams.

OTP:      gen_fsm; cf. ejabberd_c2s.erl: the states have its names
Way:      net.connection → [c2s] → routing.packets → router → …; Deliver → [c2s] → connection
Process:  one per connection, temporary, under c2s_sup; the controller of its connection (stream.driver)
RFC:      6120, 6121 (what the events mean is decided by xmpp_core.stream_fsm, a pure table)
Differs:  every request gets an answer

What fails behind the stream, or is a bug in the handling of one stanza, is an error stanza to the sender
(routing.faults); only the stream's own state ends the stream. A session whose connection is lost stays in
wait_for_resume if a module wants it (ConnectionLostHook), until another connection comes for it (Attach).
"""

from __future__ import annotations

import logging
from typing import Any

from otp.erts import exits, process
from otp.erts.pid import Pid
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import NextState
from xmpp_core import ns, stream_fsm
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.parser import Oversized, StreamStart
from xmpp_core.stream_events import Closed, Event, Resumed, ResumeTimeout, StreamFault
from xmpp_core.stream_state import StateName, StreamState
from xmppd import audit
from xmppd.net.connection import Batch, Connection, Disconnected
from xmppd.routing import hooks
from xmppd.routing.deliver import Deliver, DeliverIfNewer, Older
from xmppd.routing.hook_points import ConnectionLostHook, SessionInfoHook, SessionResumedHook
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm
from xmppd.stream import c2s_actions, c2s_session, driver
from xmppd.stream.c2s_actions import Attach
from xmppd.stream.c2s_session import C2sData, C2sSettings
from xmppd.stream.driver import Driver, as_event, go_on

log = logging.getLogger("xmppd.c2s")


class C2s(Driver[C2sData]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    def init(self, settings: C2sSettings, connection: Connection) -> tuple[str, C2sData]:
        """Before the first byte."""
        tls = settings.stream.tls == "direct"
        fsm = StreamState(tls=tls, channel_binding=tls)
        return self.begin(C2sData(connection=connection, settings=settings, fsm=fsm), settings.negotiation)

    # the machine knows the difference; the process does the same in each of them
    wait_for_auth = wait_for_feature_request = wait_for_sasl_response = Driver.wait_for_stream
    wait_for_bind = wait_for_session = wait_for_resume = Driver.wait_for_stream

    async def session_established(self, event: Batch | Disconnected, data: C2sData) -> Any:
        """Stanzas. Messages and presence without a `from`, which nearly all are, go straight on."""
        session = data.session
        if type(event) is not Batch or session is None:
            return await self.wait_for_stream(event, data)
        if session.on_sign is not None:
            session.said_something()
        if len(event.events) == 1 and _is_message(message := event.events[0]):
            if data.counter is not None:
                data.counter.counted_in(message)
            await c2s_session.send_on(data, session, message)  # the most frequent event; charged by its size
            data.connection.consumed(event.size)
        else:
            await self.work_at(event, data)
        return go_on(data)

    def heard(self, item: Any, data: C2sData) -> Any:
        """Messages and presence of a session go straight on; anything else asks the machine."""
        session = data.session
        if session is not None:
            if _is_plain(item):
                return c2s_session.send_on(data, session, item)
            if type(item) is Oversized:
                return c2s_session.refuse(data, item)
        return self.event(as_event(item), data)

    async def event(self, event: Event, data: C2sData) -> None:
        """Ask the machine what an event means, and do it; likewise for the events that follow from it."""
        pending: Event | None = event
        while pending is not None:
            if type(pending) is StreamStart:
                data.lang = pending.attrs.get("xml:lang", "")
            data.fsm, actions = stream_fsm.step(data.fsm, pending, data.settings.stream)
            data.state = data.fsm.name._value_  # `value` is two calls
            pending = None
            for action in actions:
                pending = await c2s_actions.perform(data, action)

    async def catch_up(self, data: C2sData) -> None:
        """Writes what has come for this client meanwhile; the stream ends if the client does not read."""
        try:
            await c2s_session.catch_up(data)
        except StreamError as error:
            await self.event(StreamFault(error), data)

    async def disconnected(self, reason: object, data: C2sData) -> None:
        """An open session waits for another connection if a module wants it; else it ends."""
        session = data.session
        if session is not None and hooks.wanted(session.host, ConnectionLostHook):
            seconds = await hooks.run_fold(session.host, ConnectionLostHook(session), 0.0)
            if seconds > 0 and data.state == StateName.SESSION_ESTABLISHED:
                driver.detach(data)
                await sm.set_attached(session, False)
                data.timer = process.send_after(seconds, process.self_(), ResumeTimeout())
                await self.event(Closed(resumable=True), data)
                return
        await super().disconnected(reason, data)

    def handle_info(self, message: object, state_name: str, data: C2sData) -> Any:
        """A message of the rest of the server to this session."""
        session = data.session
        if type(message) is Deliver:
            if session is None or c2s_session.write_now(data, session, message):
                return NextState(state_name, data)
            return self._write(message, data)
        if type(message) is DeliverIfNewer and session is not None:
            if not session.is_newer(message.subject, message.version):
                return NextState(state_name, data)
            return self.handle_info(Deliver(message.stanza), state_name, data)
        if type(message) is Older and session is not None:
            return self._write(message, data)
        return super().handle_info(message, state_name, data)

    async def _write(self, message: Deliver | Older, data: C2sData) -> Any:
        assert data.session is not None
        try:
            await c2s_session.write(data, data.session, message)
        except StreamError as error:
            await self.event(StreamFault(error), data)
        return go_on(data)

    async def told(self, message: object, data: C2sData) -> None:
        """Another connection for the session; or something that is a module's business."""
        session = data.session
        if session is None:
            return
        if type(message) is Attach:
            await self._resume(message, session, data)
            return
        await hooks.run(session.host, SessionInfoHook(session, message))
        if session.hold is not None:
            await self._let_go(session, data)

    async def _resume(self, message: Attach, session: C2sSession, data: C2sData) -> None:
        data.negotiated()
        await driver.attach(data, message.connection)
        await sm.set_attached(session, True)
        await self.event(Resumed(session.jid), data)
        await hooks.run(session.host, SessionResumedHook(session, message.nonza))

    async def _let_go(self, session: C2sSession, data: C2sData) -> None:
        try:
            await c2s_session.let_go(data, session)
        except StreamError as error:
            await self.event(StreamFault(error), data)

    async def leave(self, reason: str, data: C2sData) -> None:
        """The session goes out of the table, if it is still there."""
        if data.session is not None:
            await c2s_session.close_session(data, reason)

    def report_end(self, reason: object, data: C2sData) -> None:
        """The log line's words: who, from where, and why."""
        who = (
            data.fsm.jid.full if data.fsm.jid is not None else data.fsm.username and f"{data.fsm.username}@{data.host}"
        )
        faulty = isinstance(reason, exits.Crash)
        why = "a fault of the server" if faulty else f"the server ends it ({driver.in_short(reason)})"
        text = f"stream from {audit.address(data.peer)} closed: {data.ending or why}"
        if who:
            audit.tell(audit.CLOSED, text, audit.quoted(who))
        else:
            audit.tell(audit.UNAUTHENTICATED, text, "no login", level=logging.DEBUG)

    def format_status(self, state: tuple[str, C2sData]) -> Any:
        """Who and where; nothing that was said."""
        name, data = state
        return name, data.session.jid.full if data.session is not None else data.fsm.username, data.peer


def _is_message(item: object) -> bool:
    """A message whose `from` need not be looked at."""
    return type(item) is Element and item.name == "message" and "from" not in item.attrs and item.ns == ns.CLIENT


def _is_plain(item: object) -> bool:
    """A message or presence whose `from` need not be looked at."""
    if type(item) is not Element or "from" in item.attrs or item.ns != ns.CLIENT:
        return False
    return item.name in ("message", "presence")


# -- API


async def start_link(settings: C2sSettings, connection: Connection) -> Pid | None:
    """Start the process that serves `connection`; c2s_sup's child function."""
    return await gen_fsm.start_link(C2s, settings, connection)


assert all(hasattr(C2s, name.value) for name in StateName if name is not StateName.CLOSED)
