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
from collections import deque
from collections.abc import Callable
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
from xmppd.routing import durability, safe_rounds
from xmppd.routing.context import Context
from xmppd.routing.deliver import Kick, Quiesce, Quiet, Replaced, Shutdown
from xmppd.routing.durability import ANY_PENDING
from xmppd.routing.fairly import SLICE
from xmppd.routing.session import OutgoingFilter, StanzaCounter
from xmppd.routing.unconfirmed import COPIES
from xmppd.stream.login_answer import LoginAnswer
from xmppd.stream.traffic import SENT, count_element

#: the state in which a stream is over
CLOSED: Final = "closed"
#: stanzas after which the others have their turn, whatever those took, and what came for the peer is written: it may
#: be answers
AT_MOST: Final = 32


@dataclass(slots=True, eq=False, kw_only=True)
class Stream:
    """What the driver remembers of a stream.

    `peer` is the address that it came from; `timer` runs while it is negotiated, and while it waits to be resumed;
    `counter` sees its stanzas, in and out, `outgoing` those that are to leave, before that; `batch` is what is being
    worked at, and `at` the place in it; `ending` is why the stream ended, in the words of the log. `parked` is what has
    come of the peer while what it has sent before is not safe: the first is a batch, in which `at` comes next.
    """

    connection: Connection
    peer: str = ""
    state: str = "wait_for_stream"
    timer: TimerRef | None = None
    counter: StanzaCounter | None = None
    outgoing: OutgoingFilter | None = None
    batch: Batch | None = None
    at: int = 0
    ending: str = ""
    parked: deque[Batch | Disconnected] | None = None

    def send(self, item: Stanza | Element | str, context: Context | None = None, others: tuple[str, ...] = ()) -> None:
        """Everything that leaves a stream leaves here. A str is a nonza, or a stanza that was counted before."""
        if isinstance(item, str):
            self.connection.send(item)
            return
        if self.outgoing is not None and not self.outgoing.passes(item, context, others):
            return
        xml = item.to_xml()
        try:
            SENT[type(item)].n += 1  # to ask first costs as much again
        except KeyError:
            count_element(item)
        counter = self.counter
        if counter is not None and (isinstance(item, Stanza) or stanza.is_stanza(item)):
            behind = counter.counted_out(item, xml, context, others)
            if behind is None:
                return
            xml += behind
        self.connection.send(xml)

    @property
    def congested(self) -> bool:
        """The peer reads too slowly."""
        return self.connection.congested

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """Call `fn` once, when the peer has read enough or is gone."""
        self.connection.tell_writable(fn)

    def give_up(self, why: str) -> None:
        """Take the connection for lost; only the stream's own process may."""
        self.connection.drop()
        gen_fsm.send_event(process.self_(), Disconnected(why))

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

    def must_wait(self, item: Any, stream: S) -> bool:
        """Whether an event of the peer is not to be handled before what it has sent earlier is safe."""
        return False

    async def not_safe(self, item: Any, stream: S) -> None:
        """It has not become safe in time: what is said to the event that waits for it."""

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
            if stream.parked is not None:
                stream.parked.append(event)
            else:
                await self.disconnected(event.reason, stream)
        return go_on(stream)

    async def work_at(self, batch: Batch, stream: S, at: int = 0) -> None:
        """What one read brought, in its order, from event `at`; a long one gives way to the others."""
        if stream.parked is not None:
            stream.parked.append(batch)
            return
        began, until = process.busy_time(), perf_counter() + SLICE
        stream.batch, last = batch, len(batch.events) - 1
        for i in range(at, last + 1):
            item = batch.events[i]
            stream.at = i
            if (COPIES or ANY_PENDING) and self.must_wait(item, stream):
                park(stream, batch)
                return
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

    async def work_on(self, safe: bool, stream: S) -> None:
        """What was parked is handled: what it waited for is safe, or has not become so in time."""
        parked, stream.parked = stream.parked, None
        at = stream.at
        while parked:
            event = parked.popleft()
            if type(event) is Disconnected:
                await self.disconnected(event.reason, stream)
            elif type(event) is Batch:
                if not safe:
                    await self.not_safe(event.events[at], stream)
                    safe, at = True, at + 1
                if stream.state != CLOSED:
                    await self.work_at(event, stream, at)
            at = 0
            if stream.state == CLOSED:
                return
            if stream.parked is not None:
                stream.parked.extend(parked)
                return

    async def disconnected(self, reason: object, stream: S) -> None:
        """The connection is gone."""
        stream.ending = stream.ending or f"connection lost: {in_short(reason)}"
        broken = isinstance(reason, exits.Crash)  # the receiver has a bug
        await self.event(StreamFault(StreamError("internal-server-error")) if broken else Closed(), stream)

    async def handle_info(self, message: object, state_name: str, stream: S) -> Any:
        """A message of the server to the stream."""
        if isinstance(message, Exit):
            return Stop(message.reason, stream)
        if type(message) is GoOn:
            if message.parked is stream.parked:
                await self.work_on(message.safe, stream)
            return go_on(stream)
        if type(message) is Quiesce:
            if stream.counter is not None:  # parked for good: nobody tells it to go on
                stream.parked = deque(stream.parked or ())
            process.send(message.back, Quiet())
            return go_on(stream)
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


@dataclass(frozen=True, slots=True)
class GoOn:
    """To the own mailbox: what is parked waits no more."""

    parked: object
    safe: bool


def park(stream: Stream, batch: Batch) -> None:
    """From `stream.at` on, a batch waits until what was sent before is safe, and what comes waits behind it. The
    process goes on: others may wait for it meanwhile, who would otherwise wait for each other."""
    stream.batch, parked = None, deque[Batch | Disconnected]([batch])
    stream.parked, me = parked, process.self_()
    safe_rounds.when_safe(
        lambda: process.send(me, GoOn(parked, safe=True)), lambda: process.send(me, GoOn(parked, safe=False))
    )


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


@dataclass(frozen=True, slots=True)
class Attach:
    """To a session's process: go on over `connection`, which asked for it by `nonza`, after a login by `how` (the name
    of a mechanism); `login`: what that is to be answered with, beside what the nonza is."""

    connection: Connection
    nonza: Element
    how: str = ""
    login: LoginAnswer | None = None


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
    await leave_connection(stream)
    stream.connection, stream.peer = connection, connection.peer
    try:
        await connection.control(process.self_())
    except (CallError, OSError):
        gen_fsm.send_event(process.self_(), Disconnected("closed"))


async def refuse_attach() -> None:
    """The session of the calling process is over: who has come for it is told so, and comes again."""
    with contextlib.suppress(ReceiveTimeout):
        while True:
            message = await process.receive(lambda m: type(m) is Attach, timeout=0)
            message.connection.close(StreamError("reset", "the session that was to be resumed has just ended"))


async def leave_connection(stream: Stream) -> None:
    """The session goes on over another connection: this one is told so, and nothing more is read from it."""
    stream.connection.close(StreamError("conflict", "resumed over another connection"))
    stream.connection, stream.parked = DETACHED, None
    with contextlib.suppress(ReceiveTimeout):
        while True:
            await process.receive(_is_of_the_old_connection, timeout=0)


def _is_of_the_old_connection(message: object) -> bool:
    return isinstance(message, gen_fsm.Event) and type(message.event) in (Batch, Disconnected)
