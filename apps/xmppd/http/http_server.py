"""http_server — serves one HTTP connection: a request, its handler, an answer, and the next request.

OTP:      gen_server; cf. ejabberd_http.erl and Thousand Island's handler
Way:      http_connection → [http_server] → http.protocol → http.routes → a handler, in a process of its own
Process:  one per connection, temporary, under http_sup. A handler that crashes is answered 500, one that takes too long
          503 and ended; either way the server is none the worse for it
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import lru_cache
from inspect import isawaitable
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid, Ref
from otp.erts.signals import Down
from otp.erts.timer import TIMERS, TimerRef
from otp.kernel.logger import client_text
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Stop
from xmppd import metrics
from xmppd.http import routes
from xmppd.http.http_connection import HttpConnection, Lost, Received
from xmppd.http.messages import HttpError, HttpRequest, HttpResponse
from xmppd.http.protocol import Http1, NeedData
from xmppd.http.routes import HttpRoute
from xmppd.net.connection import Disconnected

log = logging.getLogger(__name__)

#: requests of one connection
MOST: Final = 1000
#: bytes that are looked at at once: what a client sends beyond one request waits
PIECE: Final = 8 * 1024
#: headers by which a proxy says for whom it asks
_PROXIED: Final = frozenset({"forwarded", "x-forwarded-for", "x-real-ip", "via"})
_ANSWERS: Final = metrics.counter(
    "xmppd_http_responses_total", "answers over HTTP, by class of status", status=("2xx", "3xx", "4xx", "5xx")
)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What the connections of one listener get: its own paths, the networks that are told more, the seconds that a
    request may take to arrive, the wait for it included."""

    own: Mapping[str, HttpRoute] = field(default_factory=dict)
    monitors: tuple[str, ...] = ()
    seconds: float = 30.0


@dataclass(slots=True)
class HttpState:
    """`timer`: what is left for the request that is awaited; `served` counts."""

    connection: HttpConnection
    settings: HttpSettings
    protocol: Http1
    timer: TimerRef | None = None
    served: int = 0


@dataclass(frozen=True, slots=True)
class _Late:
    """The request number `served` has not come in time."""

    served: int


@dataclass(frozen=True, slots=True)
class _Answer:
    ref: Ref
    response: HttpResponse


class HttpServer(GenServer[HttpState]):
    """See the head of this file."""

    def init(self, settings: HttpSettings, connection: HttpConnection) -> HttpState:
        """Wait for the first request."""
        protocol = Http1(lambda request: routes.find(request, settings.own).body)
        state = HttpState(connection, settings, protocol)
        _await_request(state)
        return state

    async def handle_info(self, message: object, state: HttpState) -> Any:
        """Bytes, the end of them, or no request in time."""
        match message:
            case Received(data):
                return await _received(data, state)
            case Lost() | Disconnected():
                return Stop("normal", state)
            case _Late(served) if served == state.served:
                if isinstance(_taken(state), NeedData):  # a part of a request is there
                    _refuse(HttpError(408, "the request took too long"), state)
                return Stop("normal", state)
        return NoReply(state)

    def handle_cast(self, request: object, state: HttpState) -> Any:
        """The acceptor says by an event that there is no connection."""
        return Stop("normal", state)

    def terminate(self, reason: object, state: HttpState) -> None:
        """Its timer goes with it."""
        if state.timer is not None:
            TIMERS.drop(state.timer)


async def start_link(settings: HttpSettings, connection: HttpConnection) -> Pid | None:
    """Serve one connection."""
    return await gen_server.start_link(HttpServer, settings, connection)


# -- internals


def _await_request(state: HttpState) -> None:
    if state.timer is not None:
        TIMERS.drop(state.timer)
    state.timer = TIMERS.after(state.settings.seconds, process.send, process.self_(), _Late(state.served))


def _taken(state: HttpState) -> HttpRequest | NeedData | None:
    """What has come, where it was looked at before: NeedData if a request has begun, else None."""
    try:
        found = state.protocol.next_request()
    except HttpError:
        return None
    return found if isinstance(found, NeedData) and found.begun else None


async def _received(data: bytes, state: HttpState) -> Any:
    try:
        for start in range(0, len(data), PIECE):
            state.protocol.feed(data[start : start + PIECE])
            if not await _serve_all(state):
                return Stop("normal", state)
    except HttpError as error:
        _refuse(error, state)
        return Stop("normal", state)
    state.connection.read_on()
    return NoReply(state)


async def _serve_all(state: HttpState) -> bool:
    """Answer the requests that are whole; False: nothing else is to be read. Raises HttpError."""
    while True:
        found = state.protocol.next_request()
        if isinstance(found, NeedData):
            if found.interim:
                state.connection.send(found.interim)
            return True
        if found is None or not await _serve(found, state):
            return False


async def _serve(request: HttpRequest, state: HttpState) -> bool:
    """Answer one request; False: it was the last."""
    connection = state.connection
    trusted = is_trusted(connection.peer, request, state.settings.monitors)
    asked = replace(request, peer=connection.peer, secure=connection.secure, trusted=trusted)
    try:
        response = await _handled(routes.find(asked, state.settings.own), asked)
    except HttpError as error:
        response = error.response()
    state.served += 1
    last = state.served >= MOST
    _write(response, state, close=last)
    if last or not state.protocol.go_on():
        return False
    _await_request(state)
    return True


async def _handled(route: HttpRoute, request: HttpRequest) -> HttpResponse:
    """The handler's answer, given in a process of its own. Raises HttpError."""
    ref = process.make_ref()
    pid, monitor = process.spawn_monitor(_handle, route, request, process.self_(), ref)
    try:
        found = await process.receive(
            lambda m: (isinstance(m, _Answer) and m.ref is ref) or (isinstance(m, Down) and m.ref is monitor),
            route.seconds,
        )
    except ReceiveTimeout:
        process.exit_(pid, "kill")
        process.demonitor(monitor, flush=True)
        log.warning("no answer to %s %s in %g s", request.method, client_text(request.path), route.seconds)
        raise HttpError(503, "that took too long") from None
    if isinstance(found, Down):
        raise HttpError(500, "that failed; the log says why")
    process.demonitor(monitor, flush=True)
    answer: HttpResponse = found.response
    return answer


async def _handle(route: HttpRoute, request: HttpRequest, to: Pid, ref: Ref) -> None:
    try:
        answer = route.handler(request)
        response = await answer if isawaitable(answer) else answer
    except HttpError as error:
        response = error.response()
    process.send(to, _Answer(ref, response))


def _refuse(error: HttpError, state: HttpState) -> None:
    _write(error.response(), state, close=True)


def _write(response: HttpResponse, state: HttpState, *, close: bool) -> None:
    _ANSWERS.cell(f"{response.status // 100}xx").n += 1
    date = formatdate(CLOCK.time(), usegmt=True)
    state.connection.send(state.protocol.respond(response, date, close=close))


def is_trusted(peer: str, request: HttpRequest, monitors: Sequence[str]) -> bool:
    """Whether the request comes from one of these networks itself: who asks through a proxy may be anybody."""
    if any(name in _PROXIED for name, _ in request.headers):
        return False
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in _networks(tuple(monitors)))


@lru_cache(16)
def _networks(texts: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)
