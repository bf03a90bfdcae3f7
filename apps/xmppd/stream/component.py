"""component — an external component's stream: a service with a domain of its own, behind a shared secret.

OTP:      gen_fsm; cf. ejabberd_service.erl, whose state names it bears
Way:      net.connection → [component] → router; router → Deliver → [component] → connection
Process:  one per connection, temporary, under service_sup; the domain's route ends with it
XEP:      0114 (accept)
RFC:      6120 §4.9 (stream errors), §8.1.1.2 (addresses)
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.pid import Pid, Ref
from otp.erts.signals import Down, Exit
from otp.erts.timer import TimerRef
from otp.kernel import pg
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import GenFsm, NextState, Stop
from xmpp_core import ns, stanza
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID, JidError
from xmpp_core.parser import Limits, Oversized, StreamEnd, StreamStart
from xmppd import audit
from xmppd.net.connection import Batch, Connection, Header
from xmppd.routing import durability, faults, router
from xmppd.routing.deliver import Deliver, Kick, Replaced, Shutdown
from xmppd.routing.fairly import SLICE
from xmppd.stream import backlog

log = logging.getLogger("xmppd.component")

_TAKEN = StreamError("conflict", "the domain is in use")
_TRIES = 500
#: seconds an older link gets to end; longer than its connection waits for a peer that does not read
_REPLACED_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One listener's rules: the secret of each domain that may connect, the hosts that are ours, the limits of a
    stream that is let in, and the time in seconds from accept to the handshake. `newest_wins`: who knows the secret
    takes the domain from an older link, which may be dead without anybody's having noticed."""

    domains: Mapping[str, str] = field(repr=False)
    hosts: Container[str]
    limits: Limits
    negotiation: float = 30.0
    newest_wins: bool = True


@dataclass(slots=True, eq=False)
class Data:
    """One stream's memory. `domain` is "" until the header, `stream_id` what the handshake is made with; `ending` is
    why it ended, in the words of the log."""

    settings: ServiceSettings
    connection: Connection
    timer: TimerRef | None
    groups: Ref | None = None  # our monitor of pg, in which the domain is ours
    domain: str = ""
    stream_id: str = ""
    ended: bool = False
    error: StreamError | None = None
    ending: str = ""


@dataclass(frozen=True, slots=True)
class _Late:
    """The handshake did not come in time."""


class Component(GenFsm[Data]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    def init(self, settings: ServiceSettings, connection: Connection) -> tuple[str, Data]:
        """Before the first byte; the time for the handshake begins."""
        process.trap_exit(True)  # so that terminate says goodbye when the tree goes down
        timer = process.send_after(settings.negotiation, process.self_(), _Late())
        return "wait_for_stream", Data(settings, connection, timer)

    async def wait_for_stream(self, event: Any, data: Data) -> Any:
        """The header names the domain."""
        return await _each(event, data, "wait_for_stream")

    async def wait_for_handshake(self, event: Any, data: Data) -> Any:
        """The handshake shows that it knows the secret."""
        return await _each(event, data, "wait_for_handshake")

    async def stream_established(self, event: Any, data: Data) -> Any:
        """Stanzas, from its domain."""
        return await _each(event, data, "stream_established")

    async def handle_info(self, message: object, state_name: str, data: Data) -> Any:
        """Stanzas for the domain, and what the server says to this stream."""
        match message:
            case Deliver(packet):
                await backlog.write(data.connection, packet)
            case Kick(condition, text):
                return _fail(data, StreamError(condition, text))
            case Replaced():
                return _fail(data, StreamError("conflict", "Replaced by new connection"))
            case Shutdown():
                return _fail(data, StreamError("system-shutdown"))
            case _Late():
                return _fail(data, StreamError("connection-timeout"))
            case Down(ref, _, _) if ref is data.groups:
                return NextState(state_name, data) if await _register(data) else _fail(data, _TAKEN)
            case Exit(_, reason):
                return Stop(reason, data)
        return NextState(state_name, data)

    async def terminate(self, reason: object, state_name: str, data: Data) -> None:
        """The closing tag if there was none, the domain given back, and the connection closed."""
        try:
            if not data.ended and reason != "normal":
                _fail(data, StreamError("system-shutdown" if reason == "shutdown" else "internal-server-error"))
            await _give_back(data)  # before the words: who has read them may come again at once
        finally:
            if data.timer is not None:
                process.cancel_timer(data.timer)
            if data.ended:
                data.connection.close(data.error)
            data.connection.drop()

    def format_status(self, state: tuple[str, Data]) -> Any:
        """Without the secrets."""
        return state[0], state[1].domain


async def _each(event: Any, data: Data, name: str) -> Any:
    if type(event) is not Batch:
        return Stop("normal", data)
    since = process.busy_time()
    for item in event.events:
        result = await _STATES[name](data, item)
        if type(result) is not str:
            return result
        name = result
        if process.busy_time() - since > SLICE:
            await asyncio.sleep(0)
            since = process.busy_time()
    data.connection.consumed(event.size)
    return NextState(name, data)


async def _on_header(data: Data, item: Any) -> Any:
    if type(item) is not StreamStart:
        return _not_expected(data, item)
    if not item.is_stream or item.default_ns != ns.COMPONENT:
        return _fail(data, StreamError("invalid-namespace"))
    try:
        to = JID.parse(item.attrs.get("to", ""))
    except JidError:
        return _fail(data, StreamError("improper-addressing"))
    domain = to.domain
    if to.full != domain:
        return _fail(data, StreamError("improper-addressing", "a component is a domain"))
    if domain not in data.settings.domains:
        return _fail(data, StreamError("host-unknown"))
    data.domain = domain
    _send_header(data)
    return "wait_for_handshake"


async def _on_handshake(data: Data, item: Any) -> Any:
    if type(item) is not Element:
        return _not_expected(data, item)
    expected = handshake(data.stream_id, data.settings.domains[data.domain])
    given = item.text().strip().lower().encode()
    right = hmac.compare_digest(given, expected.encode())
    if item.name != "handshake" or item.ns != ns.CLIENT or not right:
        _tell(data, audit.COMPONENT_REFUSED, "refused: not-authorized")
        return _fail(data, StreamError("not-authorized"))
    if data.timer is not None:
        process.cancel_timer(data.timer)
        data.timer = None
    if data.domain in data.settings.hosts:
        return _fail(data, _TAKEN)
    if data.settings.newest_wins:
        await _replace(data.domain)
    if not await _register(data):
        return _fail(data, _TAKEN)
    data.connection.slot.authenticated()
    await data.connection.set_limits(data.settings.limits)
    _tell(data, audit.COMPONENT, "let in")
    data.connection.send("<handshake/>")
    return "stream_established"


def _tell(data: Data, deed: str, what: str) -> None:
    audit.tell(deed, f"component from {audit.address(data.connection.peer)} {what}", audit.quoted(data.domain))


async def _register(data: Data) -> bool:
    """Take the domain; also again, when the groups that knew of it were lost with their process."""
    for _ in range(_TRIES):
        if process.whereis(pg.NAME) is not None:
            data.groups = process.monitor(pg.NAME)
            return await router.register_route(data.domain, process.self_())
        await process.sleep(0.01)
    return False


async def _replace(domain: str) -> None:
    """Have older links of the domain end, wherever they are, and give back what waits for them; returns when they are
    gone. One that does not read and holds its process up is let go by its connection; not even so, it is killed."""
    older = {process.monitor(pid): pid for pid in router.processes_of(domain)}
    for pid in older.values():
        process.send(pid, Replaced())
    for ref, pid in older.items():
        try:
            await process.receive(_down(ref), _REPLACED_WITHIN)
        except ReceiveTimeout:
            process.exit_(pid, "kill")
            await process.receive(_down(ref))


def _down(ref: Ref) -> Callable[[object], bool]:
    return lambda message: isinstance(message, Down) and message.ref is ref


async def _give_back(data: Data) -> None:
    """Nobody finds the domain any more, and what was on its way to it goes back to who sent it; idempotent."""
    groups, data.groups = data.groups, None
    if groups is None:
        return
    _tell(data, audit.COMPONENT_CLOSED, f"closed: {data.ending or 'connection lost'}")
    process.demonitor(groups, flush=True)
    with contextlib.suppress(CallError):
        await router.unregister_route(data.domain, process.self_())
    for message in await process.flush():
        if isinstance(message, Deliver):
            try:
                await router.route(message.stanza)
            except Exception:  # it does not keep the others
                log.exception("a stanza that came too late for %s is lost", data.domain)


async def _on_stanza(data: Data, item: Any) -> Any:
    if not isinstance(item, Element):
        return _not_expected(data, item)
    if not stanza.is_stanza(item):
        return _fail(data, StreamError("unsupported-stanza-type"))
    try:
        if type(item) is Oversized:
            raise StanzaError("policy-violation", "namespaces declared once and used too often")
        packet = _addressed(data, item)
    except StanzaError as error:
        if item.attrs.get("type") not in ("error", "result"):
            data.connection.send(_sent_back(item, error).to_xml())
        return "stream_established"
    try:
        if isinstance(packet, stanza.Iq | stanza.Presence):
            packet.check()
        if isinstance(packet, stanza.Iq):
            await durability.flush()  # its answer acknowledges what came before it
        await router.route(packet)
    except Exception as error:
        answer = faults.answer(packet, error)
        if answer is not None:
            data.connection.send(answer.to_xml())
    return "stream_established"


def _addressed(data: Data, item: Element) -> stanza.Stanza:
    """The stanza, from the component's domain to somebody. Raises StanzaError: a link carries many users, and what is
    wrong with one stanza of one of them is told to that one."""
    packet = stanza.from_element(item)
    if packet.from_ is None:
        raise StanzaError("bad-request", "a component's stanza says who it is from")
    if packet.from_.domain != data.domain:
        raise StanzaError("forbidden", f"this component speaks for {data.domain}")
    if packet.to is None:
        raise StanzaError("bad-request", "a component's stanza says who it is for")
    return packet


def _sent_back(item: Element, error: StanzaError) -> Element:
    """The error to a stanza whose addresses are no good, with them as they were written, the other way round."""
    answer = answers.error(item, error)
    if "from" in item.attrs:
        answer.attrs["to"] = item.attrs["from"]
    return answer


_STATES: Final = {
    "wait_for_stream": _on_header,
    "wait_for_handshake": _on_handshake,
    "stream_established": _on_stanza,
}


def _not_expected(data: Data, item: object) -> Any:
    """The end of the stream, by the peer's wish or by its fault."""
    if isinstance(item, StreamError):
        return _fail(data, item)
    return _fail(data, None if type(item) is StreamEnd else StreamError("bad-format"))


def _send_header(data: Data) -> None:
    data.stream_id = secrets.token_hex(16)
    data.connection.open(Header(data.stream_id, data.domain))


def _fail(data: Data, error: StreamError | None) -> Any:
    """The end, and its words, which terminate says; None: the stream ends as it should."""
    if not data.stream_id:
        _send_header(data)
    data.ended, data.error = True, error
    data.ending = error.condition if error is not None else "the component has closed it"
    return Stop("normal", data)


def handshake(stream_id: str, secret: str) -> str:
    """What a component must say: SHA-1 of stream id and secret, in lower-case hex. XEP-0114 §3"""
    return hashlib.sha1(f"{stream_id}{secret}".encode()).hexdigest()


async def start_link(settings: ServiceSettings, connection: Connection) -> Pid | None:
    """Start the process that serves `connection`; service_sup's child function."""
    return await gen_fsm.start_link(Component, settings, connection)
