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
from collections.abc import Awaitable
from typing import Any

from otp.erts import exits, process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import From, NextState, ReplyNext
from xmpp_core import ns, stanza, stream_fsm
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.parser import Oversized, StreamEnd, StreamStart
from xmpp_core.stream_events import Closed, Event, Resumed, StreamFault, TakenOver
from xmpp_core.stream_state import StateName, StreamState
from xmpp_core.subscription import KINDS
from xmppd import audit
from xmppd.net.connection import Batch, Connection, Disconnected
from xmppd.routing import durability, faults, hooks, safe_rounds
from xmppd.routing.deliver import Confirm, Deliver, DeliverIfNewer, HandedOn, Older, Shutdown
from xmppd.routing.durability import Sync
from xmppd.routing.hook_points import MayResumeHook, SessionInfoHook, SessionResumedHook
from xmppd.routing.saved_session import Surrender
from xmppd.routing.session import C2sSession, StanzaCounter
from xmppd.routing.session_moves import save
from xmppd.routing.sm import orphans, sm
from xmppd.store.backend import StoreError
from xmppd.stream import c2s_actions, c2s_auth, c2s_moves, c2s_session, confirming, driver, keepalive
from xmppd.stream.c2s_moves import Adoption
from xmppd.stream.c2s_session import C2sData, C2sSettings
from xmppd.stream.confirming import LookAgain
from xmppd.stream.driver import Attach, Driver, as_event, go_on
from xmppd.stream.keepalive import KeepaliveTick

log = logging.getLogger("xmppd.c2s")


class C2s(Driver[C2sData]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    def init(
        self, settings: C2sSettings, connection: Connection, adoption: Adoption | None = None
    ) -> tuple[str, C2sData]:
        """Before the first byte; with `adoption`, of a session that waits for a connection."""
        if adoption is not None:
            fsm = c2s_moves.state_of(adoption.orphan.saved)
            data = C2sData(connection=connection, settings=settings, fsm=fsm, state=fsm.name.value)
            process.send(process.self_(), adoption)
            return self.begin(data, settings.negotiation)
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
        counter, events = data.counter, event.events
        if len(events) == 1 and _is_message(item := events[0]) and _has_room(data):
            if counter is not None:
                counter.counted_in(item)
            await c2s_session.send_on(data, session, item)  # the most frequent event; charged by its size
            data.connection.consumed(event.size)
        elif counter is not None and await _are_heard(events, counter, session, data):
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
            if data.counter is not None and _is_heard(data.counter, item):
                return None
        return self.event(as_event(item), data)

    def must_wait(self, item: Any, data: C2sData) -> bool:
        """A request, whose answer acknowledges what came before it, and the end of the stream, wait until that is safe;
        so does a subscription, which goes another way than messages do and would overtake them. Anything else waits
        only if there is much that is not safe. RFC: 6120 §10.1"""
        for_all = type(item) is StreamEnd or (type(item) is Element and _waits_for_all(item))
        return data.session is not None and durability.must_wait(for_all)

    async def not_safe(self, item: Any, data: C2sData) -> None:
        """Nothing is acknowledged."""
        if type(item) is StreamEnd:
            await self.event(StreamFault(StreamError("resource-constraint", faults.LATER)), data)
        elif type(item) is Element and stanza.is_stanza(item):
            if data.counter is not None:
                data.counter.counted_in(item)
            c2s_session.refuse_stanza(data, item, StanzaError("resource-constraint", faults.LATER, type_="wait"))

    async def event(self, event: Event, data: C2sData) -> None:
        """Ask the machine what an event means, and do it; likewise for the events that follow from it."""
        pending: Event | None = event
        while pending is not None:
            if type(pending) is StreamStart:
                c2s_auth.look_at_certificate(data)
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
            await self._reads_too_slowly(error, data)

    async def disconnected(self, reason: object, data: C2sData) -> None:
        """An open session waits for another connection if a module wants it; else it ends."""
        if data.session is not None and await c2s_moves.detached(data, data.session):
            await self.event(Closed(resumable=True), data)
        else:
            await super().disconnected(reason, data)

    def handle_sync_event(self, event: object, from_: From, state_name: str, data: C2sData) -> Any:
        """A sender waits until the client has what was sent to it, or that is on disk (Sync); or another worker's
        stream resumes the session."""
        if type(event) is not Sync:
            return self._surrender(event, from_, state_name, data)
        confirming.answer(data, from_)
        return NextState(state_name, data)

    async def _surrender(self, event: object, from_: From, state_name: str, data: C2sData) -> Any:
        session = data.session
        if type(event) is not Surrender or session is None or not event.is_for(session.entry):
            return ReplyNext(None, state_name, data)
        if data.state == StateName.SESSION_ESTABLISHED:
            await driver.leave_connection(data)
            await self.disconnected("resumed elsewhere", data)
        if data.state != StateName.WAIT_FOR_RESUME:
            gen_fsm.reply(from_, None)
            return go_on(data)
        if not await confirming.is_on_disk(data):  # else what senders were told to be safe would be in memory only
            gen_fsm.reply(from_, None)
            return go_on(data)
        await safe_rounds.becomes_safe(session.pid, c2s_moves.MOST)
        gen_fsm.reply(from_, await save(session))
        if await c2s_moves.given_away(data, session, event.by):
            data.ending = "its session goes on elsewhere"
            await self.event(TakenOver(), data)
        return go_on(data)

    def handle_info(self, message: object, state_name: str, data: C2sData) -> Any:
        """A message of the rest of the server to this session."""
        session = data.session
        if type(message) is Deliver:
            rest = c2s_session.begin_write(data, session, message) if session is not None else None
            return NextState(state_name, data) if rest is None else self._write(rest, data)
        if type(message) is Confirm:
            confirming.confirm(data, message)
            return NextState(state_name, data)
        if type(message) is DeliverIfNewer and session is not None:
            if not session.is_newer(message.subject, message.version):
                return NextState(state_name, data)
            return self.handle_info(Deliver(message.stanza), state_name, data)
        if type(message) is Older and session is not None:
            return self._write(c2s_session.write(data, session, message), data)
        if type(message) is Shutdown and session is not None:
            return self._shut_down(message, state_name, data)
        if type(message) is Adoption:
            return self._adopt(message, data)
        return super().handle_info(message, state_name, data)

    async def _write(self, rest: Awaitable[None], data: C2sData) -> Any:
        try:
            await rest
        except StreamError as error:
            await self._reads_too_slowly(error, data)
        return go_on(data)

    async def _reads_too_slowly(self, error: StreamError, data: C2sData) -> None:
        """The end of the stream; but what is counted is kept: then only the connection is given up."""
        if data.counter is not None:
            data.give_up(error.text)
        else:
            await self.event(StreamFault(error), data)

    async def told(self, message: object, data: C2sData) -> None:
        """Another connection for the session; or something that is a module's business."""
        session = data.session
        if session is None:
            return
        if type(message) is HandedOn:
            data.former = None
            return
        if type(message) is LookAgain:
            confirming.answer(data, message.from_, message.looks)
            return
        if type(message) is Attach:
            await self._when_safe(message, session, data)
            return
        if type(message) is KeepaliveTick:
            keepalive.tick(data, message)
            return
        await hooks.run(session.host, SessionInfoHook(session, message))
        if session.hold is not None:
            await self._let_go(session, data)

    async def _when_safe(self, message: Attach, session: C2sSession, data: C2sData) -> None:
        """To resume acknowledges what the client had sent before: that is safe first."""
        me = process.self_()
        if durability.is_safe(me):
            await self._resume(message, session, data)
        else:
            error = StreamError("resource-constraint", faults.LATER)
            safe_rounds.when_safe(lambda: process.send(me, message), lambda: message.connection.close(error))

    async def _resume(self, message: Attach, session: C2sSession, data: C2sData) -> None:
        try:
            await hooks.run(session.host, MayResumeHook(session, message.nonza))
        except StreamError as error:
            message.connection.close(error)
            return
        data.negotiated()
        await driver.attach(data, message.connection)
        data.login = message.login
        data.fsm = data.fsm.but(tls=bool(data.connection.tls_version()))
        session.safe = data.safe
        info = {"ip": data.peer, "tls": data.connection.tls_version(), "mechanism": message.how}
        await sm.set_attached(session, True, info)
        await self.event(Resumed(session.jid), data)
        await hooks.run(session.host, SessionResumedHook(session, message.nonza))

    async def _adopt(self, message: Adoption, data: C2sData) -> Any:
        data.negotiated()
        await c2s_moves.adopt(data, message)
        return go_on(data)

    async def _shut_down(self, message: Shutdown, state_name: str, data: C2sData) -> Any:
        await self._put_by(data)
        return await super().handle_info(message, state_name, data)

    async def _put_by(self, data: C2sData) -> None:
        """The session is kept for after a restart, if it may be; else it ends."""
        try:
            assert data.session is not None
            await c2s_moves.put_by(data, data.session)
        except (StoreError, CallError) as error:
            faults.log(error, f"keeping the session of {data.fsm.jid}")

    async def terminate(self, reason: object, state_name: str, data: C2sData) -> None:
        """As of any stream; but a session that may outlive its process is kept."""
        if data.session is not None and (reason == exits.SHUTDOWN or isinstance(reason, exits.Crash)):
            await self._put_by(data)
            if data.session is None:
                orphans.tell_adopter()
        await super().terminate(reason, state_name, data)

    async def _let_go(self, session: C2sSession, data: C2sData) -> None:
        try:
            await c2s_session.let_go(data, session)
        except StreamError as error:
            await self._reads_too_slowly(error, data)

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


def _has_room(data: C2sData) -> bool:
    """Whether nothing is parked, and there is room for one more message."""
    return data.parked is None and durability.has_room()


def _is_heard(counter: StanzaCounter, item: object) -> bool:
    """Whether it is of stream management, and dealt with."""
    return type(item) is Element and item.ns == ns.SM and counter.heard(item)


async def _are_heard(events: list[Any], counter: StanzaCounter, session: C2sSession, data: C2sData) -> bool:
    """Whether they are a message with something of stream management before or behind it, or only that, and dealt with;
    if they are not, nothing was done, or what is left of `events` is to be done."""
    if data.parked is not None or len(events) > 2:
        return False
    while events:
        item = events[0]
        if _is_heard(counter, item):
            pass
        elif _is_message(item) and _has_room(data):
            counter.counted_in(item)
            await c2s_session.send_on(data, session, item)
        else:
            return False
        del events[0]
    return True


def _waits_for_all(item: Element) -> bool:
    return item.name == "iq" or (item.name == "presence" and item.attrs.get("type") in KINDS)


def _is_plain(item: object) -> bool:
    """A message or presence whose `from` need not be looked at."""
    if type(item) is not Element or "from" in item.attrs or item.ns != ns.CLIENT:
        return False
    return item.name in ("message", "presence")


# -- API


async def start_link(settings: C2sSettings, connection: Connection, adoption: Adoption | None = None) -> Pid | None:
    """Start the process that serves `connection`, or waits for one (`adoption`); c2s_sup's child function."""
    return await gen_fsm.start_link(C2s, settings, connection, adoption)


assert all(hasattr(C2s, name.value) for name in StateName if name is not StateName.CLOSED)
