"""c2s — a client's stream, from its header to its end.

OTP:      gen_fsm; cf. ejabberd_c2s.erl: the states bear its names
Way:      net.connection → [c2s] → routing.packets → router → …; Deliver → [c2s] → connection
Process:  one per connection, temporary, under c2s_sup; the controller of its connection
RFC:      6120, 6121 (what the events mean is decided by xmpp_core.stream_fsm, a pure table)
Differs:  one budget of time for the whole negotiation, never rearmed; every request gets an answer

What fails behind the stream, or is a bug in the handling of one stanza, is an error stanza to who sent it
(routing.faults); only the stream's own state ends the stream.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any

from otp.erts import exits, process
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import GenFsm, NextState, Stop
from xmpp_core import ns, stream_fsm
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.parser import Oversized, StreamStart
from xmpp_core.stream_events import Closed, Event, NegotiationTimeout, StreamFault
from xmpp_core.stream_state import StateName, StreamState
from xmppd import audit
from xmppd.net.connection import Batch, Connection, Disconnected, Header
from xmppd.routing import durability, hooks
from xmppd.routing.deliver import Deliver, DeliverIfNewer, Kick, Older, Replaced, Shutdown
from xmppd.routing.fairly import SLICE
from xmppd.routing.hook_points import SessionInfo
from xmppd.routing.session import C2sSession
from xmppd.stream import c2s_actions, c2s_session
from xmppd.stream.c2s_data import Data, Settings

log = logging.getLogger("xmppd.c2s")


#: stanzas after which they have it, whatever those took, and what came for the client is written: it may be answers
AT_MOST = 32


class C2s(GenFsm[Data]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    def init(self, settings: Settings, connection: Connection) -> tuple[str, Data]:
        """Before the first byte; the one budget of time for the negotiation begins."""
        process.trap_exit(True)  # so that terminate says goodbye when the tree goes down
        tls = settings.stream.tls == "direct"
        fsm = StreamState(tls=tls, channel_binding=tls)
        data = Data(settings, connection, fsm)
        data.timer = process.send_after(settings.negotiation, process.self_(), NegotiationTimeout())
        return data.name, data

    async def wait_for_stream(self, event: Batch | Disconnected, data: Data) -> Any:
        """The client's header is awaited; also after TLS, and after login."""
        return await self._events(event, data)

    # the machine knows the difference; the process does the same in each of them
    wait_for_auth = wait_for_feature_request = wait_for_sasl_response = wait_for_stream
    wait_for_bind = wait_for_session = wait_for_resume = wait_for_stream

    async def session_established(self, event: Batch | Disconnected, data: Data) -> Any:
        """Stanzas. Messages and presence without a `from`, which nearly all are, go straight on."""
        return await self._events(event, data)

    async def _events(self, event: Batch | Disconnected, data: Data) -> Any:
        if type(event) is Disconnected:
            return await self._disconnected(event, data)
        assert type(event) is Batch
        data.seq = event.seq
        if data.session is not None and data.session.on_sign is not None:
            data.session.said_something()
        events, last = event.events, len(event.events) - 1
        if last == 0 and data.session is not None and _is_message(events[0]):
            await c2s_session.send_on(data, data.session, events[0])  # comes most often, and costs what its size says
            data.connection.consumed(event.size)
            return _next(data)
        began = process.busy_time()
        until = perf_counter() + SLICE
        for i, item in enumerate(events):
            data.more = i < last
            if data.session is not None and _is_plain(item):
                await c2s_session.send_on(data, data.session, item)
            elif type(item) is Oversized and data.session is not None:
                c2s_session.refuse(data, item)
            else:
                await _drive(data, _heard(item))
                if data.over:
                    return _next(data)
            if data.more and (perf_counter() > until or i % AT_MOST == AT_MOST - 1):
                if not await _keep_up(data):
                    return _next(data)
                until = perf_counter() + SLICE
        data.connection.consumed(event.size, process.busy_time() - began)
        return _next(data)

    async def _disconnected(self, event: Disconnected, data: Data) -> Any:
        data.ending = data.ending or f"connection lost: {_short(event.reason)}"
        broken = isinstance(event.reason, exits.Crash)  # what read it has a bug
        await _drive(data, StreamFault(StreamError("internal-server-error")) if broken else Closed())
        return _next(data)

    def handle_info(self, message: object, state_name: str, data: Data) -> Any:
        """What the rest of the server says to this session."""
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
        return self._info(message, data)

    async def _write(self, message: Deliver | Older, data: Data) -> Any:
        assert data.session is not None
        try:
            await c2s_session.write(data, data.session, message)
        except StreamError as error:
            await _drive(data, StreamFault(error))
        return _next(data)

    async def _info(self, message: object, data: Data) -> Any:
        event = _event_of(message, data)
        if event is not None:
            await _drive(data, event)
        elif isinstance(message, Exit):
            return Stop(message.reason, data)
        elif data.session is not None:
            await hooks.run(data.session.host, SessionInfo(data.session, message))
            if data.session.hold is not None:
                await self._let_go(data.session, data)
        return _next(data)

    async def _let_go(self, session: C2sSession, data: Data) -> None:
        try:
            await c2s_session.let_go(data, session)
        except StreamError as error:
            await _drive(data, StreamFault(error))

    async def terminate(self, reason: object, state_name: str, data: Data) -> None:
        """The last error, the session out of the table, the connection closed: whatever happened before."""
        try:
            _send_last_error(reason, data)
            await c2s_session.close_session(data, _short(reason))
        finally:
            durability.forget()
            _tell_end(reason, data)
            if data.timer is not None:
                process.cancel_timer(data.timer)
            data.connection.drop()

    def format_status(self, state: tuple[str, Data]) -> Any:
        """Who and where; nothing that was said."""
        name, data = state
        return name, data.session.jid.full if data.session is not None else data.fsm.username, data.connection.peer


def _tell_end(reason: object, data: Data) -> None:
    who = data.fsm.jid.full if data.fsm.jid is not None else data.fsm.username and f"{data.fsm.username}@{data.host}"
    faulty = isinstance(reason, exits.Crash)
    why = data.ending or ("a fault of the server" if faulty else f"the server ends it ({_short(reason)})")
    text = f"stream from {audit.address(data.connection.peer)} closed: {why}"
    if who:
        audit.tell(audit.CLOSED, text, audit.quoted(who))
    else:
        audit.tell(audit.STRANGER, text, "no login", level=logging.DEBUG)


async def _keep_up(data: Data) -> bool:
    """Let the others, and what came for this client, have their turn; False if the stream has ended by it."""
    try:
        await c2s_session.catch_up(data)
    except StreamError as error:
        await _drive(data, StreamFault(error))
    return not data.over


def _next(data: Data) -> Any:
    return Stop("normal", data) if data.over else NextState(data.name, data)


def _is_message(item: object) -> bool:
    """A message whose `from` need not be looked at."""
    return type(item) is Element and item.name == "message" and "from" not in item.attrs and item.ns == ns.CLIENT


def _is_plain(item: object) -> bool:
    """A message or presence whose `from` need not be looked at."""
    if type(item) is not Element or "from" in item.attrs or item.ns != ns.CLIENT:
        return False
    return item.name in ("message", "presence")


def _heard(item: Any) -> Event:
    """What the client said, as the machine takes it."""
    if type(item) is Oversized:
        item = StreamError("policy-violation", "too large")
    return StreamFault(item) if isinstance(item, StreamError) else item


async def _drive(data: Data, event: Event) -> None:
    """Ask the machine what an event means, and do it; so on with the events that answer."""
    pending: Event | None = event
    while pending is not None:
        if type(pending) is StreamStart:
            data.lang = pending.attrs.get("xml:lang", "")
        data.fsm, actions = stream_fsm.step(data.fsm, pending, data.settings.stream)
        pending = None
        for action in actions:
            pending = await c2s_actions.perform(data, action)


def _event_of(message: object, data: Data) -> Event | None:
    match message:
        case NegotiationTimeout():
            return message
        case Replaced():
            return StreamFault(StreamError("conflict", "Replaced by new connection"))
        case Kick(condition, text):
            return StreamFault(StreamError(condition, text))
        case Shutdown():
            return StreamFault(StreamError("system-shutdown"))
    return None


def _send_last_error(reason: object, data: Data) -> None:
    """What a client whose stream did not end by the rules is told."""
    if data.over:
        return
    condition = "system-shutdown" if reason == exits.SHUTDOWN else "internal-server-error"
    if not data.connection.opened:
        data.connection.open(Header("0", data.host, version="1.0"))
    data.connection.close(StreamError(condition))


def _short(reason: object) -> str:
    return reason if isinstance(reason, str) else type(reason).__name__


# -- API


async def start_link(settings: Settings, connection: Connection) -> Pid | None:
    """Start the process that serves `connection`; c2s_sup's child function."""
    return await gen_fsm.start_link(C2s, settings, connection)


assert all(hasattr(C2s, name.value) for name in StateName if name is not StateName.CLOSED)
