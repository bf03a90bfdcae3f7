"""connection — the interface between a stream's process and whatever carries its bytes.

OTP:      a behaviour; cf. gen_tcp (controlling_process/2, {active, …}) and the sockmod of ejabberd_socket
Way:      stream → [connection] → net.tcp_connection; net.receiver → Batch, Disconnected → stream
Process:  none: values and an interface. An implementation may have processes of its own
RFC:      6120 §4 (streams over TCP); the same words fit 7395 (frames of WebSocket) and XEP-0206 (bodies of HTTP)

A stream knows elements, its header and its end; how they are written on the wire is the connection's business. Text
that is sent is one element as `Element.to_xml()` writes it: in the content namespace of the stream where it declares
none, with the prefix `stream` for elements of the stream namespace.

A connection has one controller at a time: the process that is told what was read. Another may take over at any time,
also after the first has ended (`outlive`). What the first has not yet `consumed` is sent to the next one again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from xmpp_core.errors import StreamError
from xmpp_core.limits import Limits

#: a channel binding by its name: RFC 5929 §4
END_POINT: Final = "tls-server-end-point"

# -- to the controller (gen_fsm events)


@dataclass(slots=True)  # one for every read: to freeze it costs more than to make it
class Batch:
    """What one read brought, in order: StreamStart, Element, StreamEnd; a StreamError is the last event there is.

    The controller says `consumed(size)` when it has dealt with it. `seq` counts the batches.
    """

    events: list[Any]
    size: int
    seq: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing more will come: "closed" by the peer, why we gave it up, or how what read it has ended."""

    reason: object


# -- what is said to it


@dataclass(frozen=True, slots=True)
class Header:
    """Our header of a stream (RFC 6120 §4.7): "" and None are left out. `version` is None for peers of before 1.0."""

    id: str
    from_: str = ""
    to: str | None = None
    version: str | None = None
    lang: str = ""


class Connection(Protocol):
    """One stream's connection. What does not say `async` is done at once, and only ever by the controller."""

    @property
    def peer(self) -> str:
        """The address on the other side, "" where it has none."""

    @property
    def limit(self) -> int:
        """Bytes that may wait for a peer that reads too slowly."""

    @property
    def waiting(self) -> int:
        """Bytes that were sent and have not left yet."""

    @property
    def congested(self) -> bool:
        """The peer reads too slowly: what is sent now waits behind much else."""

    @property
    def opened(self) -> bool:
        """Our header was sent, and no new stream has begun since."""

    @property
    def closing(self) -> bool:
        """Whatever is sent now goes nowhere: `close` or `drop` was called, or the peer has gone."""

    def authenticated(self) -> None:
        """Whoever is behind it has logged in: it does not count among the unauthenticated any more."""

    def judging(self, waits: bool) -> None:
        """A login waits for its answer, or does no more: meanwhile it makes room for nobody."""

    def open(self, header: Header) -> None:
        """Send our header: the stream is open in this direction."""

    def send(self, text: str) -> None:
        """Send one stanza or nonza. Dropped once `closing`."""

    def close(self, error: StreamError | None = None) -> None:
        """Send the error, if any, and the end of the stream; then `drop`. The header goes first if it was not sent."""

    def drop(self) -> None:
        """Let go of the connection: what was sent still leaves, and the controller is told nothing more. Idempotent."""

    def abandon(self, reason: str) -> None:
        """The peer is taken for gone: nothing leaves any more, and the controller is told Disconnected(reason)."""

    def keep_alive(self) -> None:
        """Send something that means nothing: over TCP a space (RFC 6120 §4.6.1)."""

    def tick(self) -> int:
        """A period has passed (stream.keepalive): how many have in which nothing came that would have been read."""

    async def start_tls(self, host: str, proceed: str, seq: int) -> bool:
        """Send `proceed` in the clear, then be the TLS server of `host`; a new stream begins.

        False, and neither is done, if anything was read in the clear after batch `seq`: it must never be taken for
        protected (CVE-2011-0411). Raises CallError.
        """

    async def restart(self, limits: Limits | None = None) -> None:
        """What the peer says next begins a new stream, under `limits` if given. Raises CallError. RFC: 6120 §4.3.3"""

    async def set_limits(self, limits: Limits) -> None:
        """Other limits for the stream that is open. Raises CallError."""

    def tls_version(self) -> str:
        """The version of TLS that protects it ("TLSv1.3"), "" if it is not protected."""

    def channel_binding(self, name: str) -> bytes:
        """The data of the channel binding of that name (END_POINT), b"" if there is none."""

    def peer_certificate(self) -> bytes:
        """The certificate (DER) that the peer has shown, signed by whom we trust with that; b"" if there is none."""

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """Call `fn` once, in a later turn of the loop: when the peer has read enough, or the connection has ended."""

    def consumed(self, size: int, seconds: float = 0.0) -> None:
        """The oldest batch, of `size` bytes, has been dealt with, in `seconds` of work: more may be read."""

    async def control(self, controller: Pid) -> None:
        """Make `controller` the process that is told what is read; the first begins the reading.

        What an earlier one had not consumed is told again. Raises CallError; OSError if the peer has gone.
        """

    def outlive(self, seconds: float) -> None:
        """If the controller ends before another takes over, wait so long for one; nothing is read meanwhile."""


class Detached:
    """The connection of a stream that has none: nothing leaves by it, nothing comes, nobody is slow."""

    __slots__ = ()
    peer = ""
    limit = 1 << 62
    waiting = 0
    congested = opened = False
    closing = True

    def authenticated(self) -> None:
        """Nobody is."""

    def judging(self, waits: bool) -> None:
        """Nobody is."""

    def open(self, header: Header) -> None:
        """Nobody hears it."""

    def send(self, text: str) -> None:
        """Nobody hears it."""

    def close(self, error: StreamError | None = None) -> None:
        """Nobody hears it."""

    def drop(self) -> None:
        """There is nothing to let go of."""

    def abandon(self, reason: str) -> None:
        """Nobody is there."""

    def keep_alive(self) -> None:
        """Nobody hears it."""

    def tick(self) -> int:
        """Nobody is silent."""
        return 0

    def consumed(self, size: int, seconds: float = 0.0) -> None:
        """Nothing came."""

    def outlive(self, seconds: float) -> None:
        """There is nothing to wait with."""

    async def start_tls(self, host: str, proceed: str, seq: int) -> bool:
        """There is nobody to begin it with."""
        return False

    async def restart(self, limits: Limits | None = None) -> None:
        """Nothing comes."""

    async def set_limits(self, limits: Limits) -> None:
        """Nothing comes."""

    async def control(self, controller: Pid) -> None:
        """Nothing will come."""

    def tls_version(self) -> str:
        """None."""
        return ""

    def channel_binding(self, name: str) -> bytes:
        """None."""
        return b""

    def peer_certificate(self) -> bytes:
        """None."""
        return b""

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """There is nothing to wait for."""
        THIS.loop.call_soon(fn)


#: the one that there is
DETACHED: Final = Detached()
