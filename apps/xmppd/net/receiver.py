"""receiver — owns one connection: reads it, limits its rate, parses it, and feeds the stream's process.

OTP:      gen_server; cf. ejabberd_receiver.erl (the messages have its names)
Way:      socket → net.transport → [receiver] → net.xml_stream → one Batch to stream.c2s
Process:  one per connection, temporary, under receiver_sup; it watches its controller, which watches it
Differs:  data does not pass through the mailbox: the transport calls Inbound.feed on the loop. It never hibernates:
          between two stanzas an idle connection holds no parser, no timer and no task anyway

Order of a connection's start: receiver, then its controller, then `become_controller`, which activates the socket: no
byte is read before there is a process to receive it. What the controller has not yet dealt with is bounded: beyond
BACKLOG bytes the socket is not read, and TCP pushes back.
"""

from __future__ import annotations

import logging
import socket
import ssl
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.links import remove_watcher, watch
from otp.erts.pid import Pid, Ref
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from otp.stdlib import gen_fsm, gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from xmpp_core.errors import StreamError
from xmpp_core.parser import Limits
from xmppd import limits_hit
from xmppd.net.connection import Batch, Disconnected
from xmppd.net.shaper import Shaper
from xmppd.net.transport import Transport
from xmppd.net.xml_stream import XmlStream

log = logging.getLogger(__name__)

#: bytes fed but not yet dealt with, from which on reading stops
BACKLOG: Final = 128 * 1024
#: bytes that are parsed at once: 4 of them may be an element, and the others wait meanwhile
PIECE: Final = 32 * 1024
#: seconds a connection whose receiver was killed stays open for the stream's last words
_ORPHANED: Final = 2.0

# -- to the receiver


@dataclass(frozen=True, slots=True)
class BecomeController:
    """Call: feed `controller` from now on; the socket is activated."""

    controller: Pid


@dataclass(frozen=True, slots=True)
class ResetParser:
    """Call: the next bytes begin a new stream, under `limits` if given."""

    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Call: other limits for the stream that is open."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class ActivateTls:
    """Call: send `preface` in the clear and become TLS. Answers False, and does neither, if anything was read after
    batch `seq`: those bytes came in the clear, and must never be taken for protected ones (CVE-2011-0411)."""

    context: ssl.SSLContext
    preface: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class ChangeShaper:
    """Cast: another pace."""

    shaper: Shaper


@dataclass(frozen=True, slots=True)
class Close:
    """Cast: stop; what was sent still leaves."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


@dataclass(frozen=True, slots=True)
class _Deserted:
    """The controller has ended."""


# why nothing is read
_SHAPER: Final = 1
_BACKLOG: Final = 2
_REST: Final = 4
_NOBODY: Final = 8


class Inbound:
    """The receiver's state, and the reading side of its connection (transport.Reader)."""

    __slots__ = (
        "_batches", "_holds", "_rest", "_told", "_unconsumed", "context", "controller", "disconnected", "patience",
        "pid", "shaper", "sock", "stream", "transport", "watched",
    )  # fmt: skip

    pid: Pid  # the receiver's, once it has begun

    def __init__(
        self, transport: Transport, sock: socket.socket, stream: XmlStream, shaper: Shaper,
        context: ssl.SSLContext | None,
    ) -> None:  # fmt: skip
        self.transport, self.stream, self.shaper = transport, stream, shaper
        self.sock: socket.socket | None = sock
        self.context = context
        self.controller: Pid | None = None
        self.watched: Ref | None = None
        self.patience = 0.0  # seconds to wait for another controller
        self.disconnected: Disconnected | None = None
        self._told: list[Batch] | None = None  # batches that are not consumed, oldest first
        self._batches = self._unconsumed = self._holds = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Parse what was read and tell the controller. Anything but a StreamError ends the receiver."""
        if len(data) > PIECE:
            data, self._rest = data[:PIECE], data[PIECE:]
            self._hold(_REST)
            THIS.loop.call_soon(self._go_on)
        controller = self.controller
        if controller is None or self.stream.ended:
            return
        events: list[Any]
        paced = self.shaper.rate is not None
        began = perf_counter() if paced else 0.0
        had = THIS.had_until(began) if paced else 0.0
        try:
            events = list(self.stream.feed(data))
        except StreamError as error:
            limits_hit.STANZA.n += error.condition == "policy-violation"
            events = [*error.events, error]
        except Exception as error:
            self.stream.drop()
            process.send(self.pid, _Failed(error))
            return
        size = len(data)
        if events:
            self._batches = seq = self._batches + 1
            self._unconsumed += size
            batch = Batch(events, size, seq)
            if self._told is None:
                self._told = [batch]
            else:
                self._told.append(batch)
            gen_fsm.send_event(controller, batch)
            if self._unconsumed > BACKLOG:
                self._hold(_BACKLOG)
        if paced:
            worked = THIS.worked(perf_counter() - began, had)
            self._charge(size + self.shaper.work(size, worked), CLOCK.monotonic())

    def _go_on(self) -> None:
        """The next piece of a large read; the last one lets the next read come."""
        if self.controller is None:
            return  # who takes over goes on
        data, self._rest = self._rest, b""
        if len(data) <= PIECE:
            self._release(_REST)
        if data:
            self.feed(data)

    def _charge(self, size: float, now: float) -> None:
        pause = self.shaper.take(size, now)
        if pause:
            limits_hit.RATE.n += 1
            self._hold(_SHAPER)
            TIMERS.after(pause, self._release, _SHAPER)

    def consumed(self, size: int, seconds: float) -> None:
        """The controller has dealt with the oldest batch, of `size` bytes, in `seconds` of work."""
        self._unconsumed -= size
        told = self._told
        if told is not None:
            if len(told) == 1:
                self._told = None
            else:
                del told[0]
        if seconds:
            work = self.shaper.work(size, seconds)
            if work:
                self._charge(work, CLOCK.monotonic())
        if self._holds & _BACKLOG and self._unconsumed <= BACKLOG // 2:
            self._release(_BACKLOG)

    def lost(self, reason: object) -> None:
        """The peer is gone. The controller hears it after all that was read before."""
        while self._rest and self.controller is not None:
            self._go_on()
        self.disconnected = Disconnected(reason)
        if self.controller is not None:
            gen_fsm.send_event(self.controller, self.disconnected)

    def read_since(self, seq: int) -> bool:
        """True if anything came after batch `seq`, be it only the first byte of something."""
        return bool(self._rest) or self._batches != seq or not self.stream.between

    def obey(self, controller: Pid) -> None:
        """Tell `controller` from now on, and first what an earlier one had not yet dealt with."""
        self.dismiss()
        self.controller, self.patience = controller, 0.0
        self.watched = watch(controller, self.deserted)
        for batch in self._told or ():
            gen_fsm.send_event(controller, batch)
        if self._holds & _NOBODY:
            self._release(_NOBODY)
            if self._rest:
                self._go_on()
        if self.disconnected is not None:
            gen_fsm.send_event(controller, self.disconnected)

    def dismiss(self) -> None:
        """Nobody is told anything any more."""
        controller, self.controller = self.controller, None
        if self.watched is not None and controller is not None:
            remove_watcher(self.watched, controller)

    def deserted(self, _reason: object) -> None:
        """The controller has ended: so do we, when all that was sent to us before has been dealt with."""
        self.controller = None
        self._hold(_NOBODY)
        gen_server.cast(self.pid, _Deserted())

    def wait(self) -> None:
        """Nobody is there to be told; after a while nobody comes any more."""
        TIMERS.after(self.patience, self.give_up)

    def give_up(self) -> None:
        """Close, unless somebody has come."""
        if self.controller is None:
            gen_server.cast(self.pid, Close())

    def orphaned(self, reason: object) -> None:
        """The receiver has ended, in whatever way: as a port goes with its owner, its socket does not outlive it for
        long, and the controller is told."""
        if self.sock is not None:
            self.sock.close()
        if not self.transport.closing:
            TIMERS.after(_ORPHANED, self.transport.abort)
        if self.controller is not None:
            gen_fsm.send_event(self.controller, Disconnected(reason))

    def _hold(self, why: int) -> None:
        self._holds |= why
        self.transport.pause_reading()

    def _release(self, why: int) -> None:
        self._holds &= ~why
        if not self._holds:
            self.transport.resume_reading()


class Receiver(GenServer[Inbound]):
    """The callbacks."""

    def init(self, inbound: Inbound) -> Inbound:
        """Own the socket; nothing is read yet."""
        inbound.pid = process.self_()
        watch(inbound.pid, inbound.orphaned)
        return inbound

    async def handle_call(self, request: object, from_: Any, state: Inbound) -> Any:
        """What the controller wants done before it goes on."""
        match request:
            case BecomeController(controller):
                return await _become_controller(controller, state)
            case ResetParser(limits):
                state.stream.reset(limits)
                return Reply(None, state)
            case SetLimits(limits):
                state.stream.set_limits(limits)
                return Reply(None, state)
            case ActivateTls(context, preface, seq):
                if state.read_since(seq):
                    return Reply(False, state)
                state.stream.reset()
                state.transport.start_tls(context, preface)
                return Reply(True, state)
        return Stop("bad_request", state)

    def handle_cast(self, request: object, state: Inbound) -> Any:
        """Another pace, or the end."""
        match request:
            case Close():
                return Stop("normal", state)
            case _Deserted() if state.controller is None:
                if not state.patience:
                    return Stop("normal", state)
                state.wait()
            case ChangeShaper(shaper):
                state.shaper = shaper
        return NoReply(state)

    def handle_info(self, message: object, state: Inbound) -> Any:
        """Reading failed."""
        match message:
            case _Failed(error):
                raise error
        return NoReply(state)

    def terminate(self, reason: object, state: Inbound) -> None:
        """Let go of parser and socket; after a crash the controller says the last words and closes."""
        state.stream.drop()
        if state.sock is not None:
            state.sock.close()  # never activated
        if reason in ("normal", "shutdown"):
            state.transport.close()


async def _become_controller(controller: Pid, state: Inbound) -> Any:
    sock, state.sock = state.sock, None
    state.obey(controller)
    if sock is not None:
        try:
            await state.transport.activate(sock, state, state.context)
        except OSError as error:  # the peer went away between accept and here
            return Stop("normal", state, reply=error)
    return Reply(None, state)


# -- API


async def become_controller(receiver: Pid, controller: Pid) -> None:
    """Make `receiver` read its socket and report to `controller`. Raises CallError; OSError if the peer has gone."""
    error = await gen_server.call(receiver, BecomeController(controller))
    if error is not None:
        raise error


async def reset_stream(receiver: Pid, limits: Limits | None = None) -> None:
    """The next bytes begin a new stream; to be called before the peer is told so. Raises CallError."""
    await gen_server.call(receiver, ResetParser(limits))


async def set_limits(receiver: Pid, limits: Limits) -> None:
    """Other limits for the stream that is open. Raises CallError."""
    await gen_server.call(receiver, SetLimits(limits))


async def starttls(receiver: Pid, context: ssl.SSLContext, preface: bytes, seq: int) -> bool:
    """Send `preface` and become TLS; False if anything was read in the clear since batch `seq`. Raises CallError."""
    return bool(await gen_server.call(receiver, ActivateTls(context, preface, seq)))


def change_shaper(receiver: Pid, shaper: Shaper) -> None:
    """Set another pace."""
    gen_server.cast(receiver, ChangeShaper(shaper))


def close(receiver: Pid) -> None:
    """Stop; what was sent before still leaves."""
    gen_server.cast(receiver, Close())
