"""driver — what all accepted streams do alike, from the time limit of the negotiation to the closing tag.

OTP:      gen_fsm, as a behaviour upon it; cf. xmpp_stream_in.erl, whose callback modules are ejabberd_c2s, …_service
Way:      net.connection → Batch, Disconnected → [driver] → the table of the stream (c2s, component)
Process:  the stream's own: one per connection, temporary; the controller of its connection
RFC:      6120 §4.4 (closing), §4.9 (errors)
Differs:  one time limit for the whole negotiation, never extended

A kind of stream is a class on Driver: `event` is its table (what an event means in a state, and what is done), `heard`
what one element of the peer means, `leave` what is to be undone. The driver shares the loop fairly between peers,
writes stream errors and the closing tag, and closes the connection.

Everything that leaves a stream leaves by `Stream.send`: so stanzas can be counted, and kept until they are
acknowledged. A session goes on without its connection (`detach`), and over another one (`attach`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, TypeVar

from otp.erts import exits, process
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.signals import Exit
from otp.erts.timer import TimerRef
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import GenFsm, NextState, Stop
from xmpp_core import stanza
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.parser import Oversized
from xmpp_core.stanza import Stanza
from xmpp_core.stream_events import Closed, Event, NegotiationTimeout, ResumeTimeout, StreamFault
from xmppd.net.connection import DETACHED, Batch, Connection, Disconnected, Header
from xmppd.routing import durability
from xmppd.routing.context import Context
from xmppd.routing.deliver import Kick, Replaced, Shutdown
from xmppd.routing.fairly import SLICE
from xmppd.routing.session import StanzaCounter

#: the state in which a stream is over
CLOSED: Final = "closed"
#: stanzas after which the others have their turn, whatever those took, and what came for the peer is written: it may
#: be answers
AT_MOST: Final = 32


@dataclass(slots=True, eq=False, kw_only=True)
class Stream:
    """What the driver remembers of a stream.

    `peer` is the address that it came from; `timer` runs while it is negotiated, and while it waits to be resumed;
    `counter` sees its stanzas, in and out; `batch` is what is being worked at, and `at` the place in it; `ending` is
    why the stream ended, in the words of the log.
    """

    connection: Connection
    peer: str = ""
    state: str = "wait_for_stream"
    timer: TimerRef | None = None
    counter: StanzaCounter | None = None
    batch: Batch | None = None
    at: int = 0
    ending: str = ""

    def send(self, item: Stanza | Element | str, context: Context | None = None) -> None:
        """Everything that leaves a stream leaves here. A str is a nonza, or a stanza that was counted before."""
        if isinstance(item, str):
            self.connection.send(item)
            return
        xml = item.to_xml()
        counter = self.counter
        if counter is not None and (isinstance(item, Stanza) or stanza.is_stanza(item)):
            counter.counted_out(item, xml, context)
        self.connection.send(xml)

    def goodbye(self, error: StreamError | None) -> None:
        """Ends the stream: a stream error, if any, and the closing tag; our header goes first if it was not sent.
        Idempotent."""
        if not self.connection.opened:
            self.connection.open(self.header())
        self.connection.close(error)

    def header(self) -> Header:
        """Ours, where an error comes before the peer's."""
        return Header(secrets.token_urlsafe(16))

    @property
    def over(self) -> bool:
        """True once the stream has come to its end."""
        return self.state == CLOSED

    @property
    def more(self) -> bool:
        """True if more elements of the peer follow the one being handled."""
        return self.batch is not None and self.at < len(self.batch.events) - 1

    def negotiated(self) -> None:
        """The negotiation was finished in time: cancels its timer. Idempotent."""
        timer, self.timer = self.timer, None
        if timer is not None:
            process.cancel_timer(timer)


S = TypeVar("S", bound=Stream)


class Driver(GenFsm[S]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    # -- what a kind of stream says

    async def event(self, event: Event, stream: S) -> None:
        """What an event means in the state that the stream is in, and what is done: its table."""
        raise NotImplementedError(f"{type(self).__qualname__} has no table")

    def heard(self, item: Any, stream: S) -> Any:
        """Handles one event of the peer; may be async."""
        return self.event(as_event(item), stream)

    async def told(self, message: object, stream: S) -> None:
        """Any other message of the server to this stream."""

    async def catch_up(self, stream: S) -> None:
        """Within a long batch: let other processes run."""
        await asyncio.sleep(0)

    async def end(self, error: StreamError | None, stream: S) -> None:
        """Writes the error and the closing tag, and ends the stream."""
        stream.state = CLOSED
        stream.goodbye(error)

    async def leave(self, reason: str, stream: S) -> None:
        """The stream ends: undo what the rest of the server knows of it."""

    def report_end(self, reason: object, stream: S) -> None:
        """A line for the log."""

    # -- what it is told

    def begin(self, stream: S, budget: float) -> tuple[str, S]:
        """The result of `init`, before the first byte: the time of the negotiation, `budget` seconds, begins."""
        process.trap_exit(True)  # so that terminate says goodbye when the tree goes down
        stream.peer = stream.connection.peer
        stream.timer = process.send_after(budget, process.self_(), NegotiationTimeout())
        return stream.state, stream

    async def wait_for_stream(self, event: Batch | Disconnected, stream: S) -> Any:
        """Every stream begins here; what an event means in a state is said by `event`."""
        if type(event) is Batch:
            await self.work_at(event, stream)
        elif type(event) is Disconnected:
            await self.disconnected(event.reason, stream)
        return go_on(stream)

    async def work_at(self, batch: Batch, stream: S) -> None:
        """What one read brought, in its order; a long one gives way to the others."""
        began, until = process.busy_time(), perf_counter() + SLICE
        stream.batch, last = batch, len(batch.events) - 1
        for i, item in enumerate(batch.events):
            stream.at = i
            if stream.counter is not None and isinstance(item, Element) and stanza.is_stanza(item):
                stream.counter.counted_in(item)
            doing = self.heard(item, stream)
            if doing is not None:
                await doing
            if stream.state == CLOSED:
                return
            if i < last and (perf_counter() > until or i % AT_MOST == AT_MOST - 1):
                await self.catch_up(stream)
                if stream.state == CLOSED:
                    return
                until = perf_counter() + SLICE
        stream.batch = None
        stream.connection.consumed(batch.size, process.busy_time() - began)

    async def disconnected(self, reason: object, stream: S) -> None:
        """The connection is gone."""
        stream.ending = stream.ending or f"connection lost: {in_short(reason)}"
        broken = isinstance(reason, exits.Crash)  # the receiver has a bug
        await self.event(StreamFault(StreamError("internal-server-error")) if broken else Closed(), stream)

    async def handle_info(self, message: object, state_name: str, stream: S) -> Any:
        """A message of the server to the stream."""
        if isinstance(message, Exit):
            return Stop(message.reason, stream)
        event = _event_of(message)
        if event is not None:
            await self.event(event, stream)
        else:
            await self.told(message, stream)
        return go_on(stream)

    async def terminate(self, reason: object, state_name: str, stream: S) -> None:
        """Closes the stream if that has not been done, undoes `event`'s effects by `leave`, and closes the
        connection."""
        try:
            if not stream.over:
                condition = "system-shutdown" if reason == exits.SHUTDOWN else "internal-server-error"
                await self.end(StreamError(condition), stream)
            await self.leave(in_short(reason), stream)
        finally:
            durability.forget()
            self.report_end(reason, stream)
            stream.negotiated()
            stream.connection.drop()


def go_on(stream: S) -> NextState[S] | Stop[S]:
    """What a state function returns."""
    return Stop("normal", stream) if stream.state == CLOSED else NextState(stream.state, stream)


def as_event(item: Any) -> Event:
    """What the peer said, as a table takes it."""
    if type(item) is Oversized:
        item = StreamError("policy-violation", "too large")
    return StreamFault(item) if isinstance(item, StreamError) else item


def _event_of(message: object) -> Event | None:
    match message:
        case NegotiationTimeout() | ResumeTimeout():
            return message
        case Replaced():
            return StreamFault(StreamError("conflict", "Replaced by new connection"))
        case Kick(condition, text):
            return StreamFault(StreamError(condition, text))
        case Shutdown():
            return StreamFault(StreamError("system-shutdown"))
    return None


def in_short(reason: object) -> str:
    """A reason to end, in a word."""
    return reason if isinstance(reason, str) else type(reason).__name__


# -- from one connection to another


def detach(stream: Stream) -> None:
    """The connection is lost, the session stays: what is sent goes to the counter only."""
    stream.connection.drop()
    stream.connection = DETACHED


def give_away(stream: Stream, seconds: float) -> Connection:
    """Another process is to go on with the connection: what lies behind the event in hand, and all that comes, is told
    to the process that takes control of it within so many seconds."""
    connection, stream.connection = stream.connection, DETACHED
    if stream.batch is not None:
        del stream.batch.events[: stream.at + 1]
    connection.outlive(seconds)
    return connection


async def attach(stream: Stream, connection: Connection) -> None:
    """Go on over `connection`; the one before, if it is still there, is sent the error `conflict`, and nothing more is
    read from it."""
    stream.connection.close(StreamError("conflict", "resumed over another connection"))
    stream.connection, stream.peer = connection, connection.peer
    with contextlib.suppress(ReceiveTimeout):
        while True:
            await process.receive(_is_of_the_old_connection, timeout=0)
    try:
        await connection.control(process.self_())
    except (CallError, OSError):
        gen_fsm.send_event(process.self_(), Disconnected("closed"))


def _is_of_the_old_connection(message: object) -> bool:
    return isinstance(message, gen_fsm.Event) and type(message.event) in (Batch, Disconnected)
