"""component — an external component's stream: a service with a domain of its own, behind a shared secret.

OTP:      gen_fsm; cf. ejabberd_service.erl, whose state names it has
Way:      net.connection → [component] → router; router → Deliver → [component] → connection
Process:  one per connection, temporary, under service_sup; the domain's route ends with it
XEP:      0114 (accept)
RFC:      6120 §4.9 (stream errors), §8.1.1.2 (addresses)
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.pid import Pid, Ref
from otp.erts.signals import Down
from otp.kernel import pg
from otp.stdlib import gen_fsm
from xmpp_core import ns, stanza
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID, JidError
from xmpp_core.parser import Limits, Oversized, StreamEnd, StreamStart
from xmpp_core.stream_events import Closed, NegotiationTimeout, StreamFault
from xmppd import audit
from xmppd.net.connection import Connection, Header
from xmppd.routing import durability, faults, router, unconfirmed
from xmppd.routing.account import stages
from xmppd.routing.context import Origin
from xmppd.routing.deliver import Deliver, Replaced
from xmppd.stream import backlog
from xmppd.stream.driver import CLOSED, Driver, Stream, as_event
from xmppd.stream.traffic import RECEIVED

log = logging.getLogger("xmppd.component")

ESTABLISHED: Final = "stream_established"
_TAKEN: Final = ("conflict", "the domain is in use")
_TRIES = 500
#: seconds an older link gets to end; longer than its connection waits for a peer that does not read
_REPLACED_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One listener's rules: the secret of each domain that may connect, the hosts that are ours, the limits of a
    stream that is let in, and the time in seconds from accept to the handshake. `newest_wins`: a newcomer that knows
    the secret takes the domain from an older link, which may be dead without anybody's having noticed."""

    domains: Mapping[str, str] = field(repr=False)
    hosts: Container[str]
    limits: Limits
    negotiation: float = 30.0
    newest_wins: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class ComponentData(Stream):
    """What a component's stream remembers. `domain` is "" until the header, `stream_id` what the handshake is made
    with; `groups` our monitor of pg, in which the domain is ours."""

    settings: ServiceSettings
    groups: Ref | None = None
    domain: str = ""
    stream_id: str = ""

    def header(self) -> Header:
        """Of the domain, as far as it is known."""
        self.stream_id = secrets.token_hex(16)
        return Header(self.stream_id, self.domain)


class Component(Driver[ComponentData]):
    """The callbacks. A state function gets a Batch of events, or Disconnected."""

    def init(self, settings: ServiceSettings, connection: Connection) -> tuple[str, ComponentData]:
        """Before the first byte."""
        return self.begin(ComponentData(connection=connection, settings=settings), settings.negotiation)

    # wait_for_stream: the header names the domain; then the handshake shows that the peer knows the secret
    wait_for_handshake = stream_established = Driver.wait_for_stream

    def heard(self, item: Any, data: ComponentData) -> Any:
        """An element that is too large to be written ends no stream with many users behind it."""
        return self.event(item if data.state == ESTABLISHED and type(item) is Oversized else as_event(item), data)

    async def event(self, event: Any, data: ComponentData) -> None:
        """As the table says; a StreamError ends the stream, and so does the peer's wish."""
        if type(event) is StreamEnd:
            await self.end(await _is_safe(), data)
            return
        rule = TABLE.get((data.state, type(event))) or ANYWHERE.get(type(event), _unexpected)
        try:
            await rule(data, event)
        except StreamError as error:
            await self.end(error, data)

    async def told(self, message: object, data: ComponentData) -> None:
        """Stanzas for the domain; or the groups that know of it are lost with their process."""
        if isinstance(message, Deliver):
            await backlog.write(data, message.stanza)
        elif isinstance(message, Down) and message.ref is data.groups and not await _register(data):
            await self.end(StreamError(*_TAKEN), data)

    async def end(self, error: StreamError | None, data: ComponentData) -> None:
        """The domain is free before the stream says its end: a component that has read it may come again at once."""
        data.ending = error.condition if error is not None else "the component has closed it"
        try:
            await _give_back(data)
        finally:
            await super().end(error, data)

    async def leave(self, reason: str, data: ComponentData) -> None:
        """The domain is given back."""
        await _give_back(data)

    def format_status(self, state: tuple[str, ComponentData]) -> Any:
        """Without the secrets."""
        return state[0], state[1].domain


async def _is_safe() -> StreamError | None:
    """The end tag acknowledges what came before it; an error if that is not safe in time."""
    try:
        await durability.flush()
    except CallError as error:
        faults.log(error, "storing what a component had sent before it closed its stream")
        return StreamError("resource-constraint", faults.LATER)
    return None


async def _on_header(data: ComponentData, start: StreamStart) -> None:
    if not start.is_stream or start.default_ns != ns.COMPONENT:
        raise StreamError("invalid-namespace")
    try:
        to = JID.parse(start.attrs.get("to", ""))
    except JidError:
        raise StreamError("improper-addressing") from None
    if to.full != to.domain:
        raise StreamError("improper-addressing", "a component is a domain")
    if to.domain not in data.settings.domains:
        raise StreamError("host-unknown")
    data.domain = to.domain
    data.connection.open(data.header())
    data.state = "wait_for_handshake"


async def _on_handshake(data: ComponentData, element: Element) -> None:
    expected = handshake(data.stream_id, data.settings.domains[data.domain])
    given = element.text().strip().lower().encode()
    right = hmac.compare_digest(given, expected.encode())
    if element.name != "handshake" or element.ns != ns.CLIENT or not right:
        _tell(data, audit.COMPONENT_REFUSED, "refused: not-authorized")
        raise StreamError("not-authorized")
    data.negotiated()
    if data.domain in data.settings.hosts:
        raise StreamError(*_TAKEN)
    if data.settings.newest_wins:
        await _replace(data.domain)
    if not await _register(data):
        raise StreamError(*_TAKEN)
    unconfirmed.begin()
    data.connection.authenticated()
    await data.connection.set_limits(data.settings.limits)
    _tell(data, audit.COMPONENT, "let in")
    data.send("<handshake/>")
    data.state = ESTABLISHED


def _tell(data: ComponentData, deed: str, what: str) -> None:
    audit.tell(deed, f"component from {audit.address(data.connection.peer)} {what}", audit.quoted(data.domain))


async def _register(data: ComponentData) -> bool:
    """Take the domain; also again, when the groups that knew of it were lost with their process."""
    for _ in range(_TRIES):
        if process.whereis(pg.NAME) is not None:
            data.groups = process.monitor(pg.NAME)
            return await router.register_route(data.domain, process.self_())
        await process.sleep(0.01)
    return False


async def _replace(domain: str) -> None:
    """End older links of the domain, wherever they are, and send back what waits for them; returns when they are
    gone. One that does not read and holds its process up is dropped by its connection; not even so, it is killed."""
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


async def _give_back(data: ComponentData) -> None:
    """Nobody finds the domain any more, and what was on its way to it goes back to its senders; idempotent."""
    groups, data.groups = data.groups, None
    if groups is None:
        return
    _tell(data, audit.COMPONENT_CLOSED, f"closed: {data.ending or 'the server ends it'}")
    process.demonitor(groups, flush=True)
    with contextlib.suppress(CallError):
        await router.unregister_route(data.domain, process.self_())
    for message in await process.flush():
        if isinstance(message, Deliver):
            try:
                await router.route(message.stanza)
            except Exception:  # it does not keep the others
                log.exception("a stanza that came too late for %s is lost", data.domain)


async def _on_stanza(data: ComponentData, item: Element) -> None:
    if not stanza.is_stanza(item):
        raise StreamError("unsupported-stanza-type")
    try:
        if type(item) is Oversized:
            raise StanzaError("policy-violation", "namespaces declared once and used too often")
        packet = _addressed(data, item)
    except StanzaError as error:
        if item.attrs.get("type") not in ("error", "result"):
            data.send(_sent_back(item, error))
        return
    RECEIVED[packet.kind].n += 1
    try:
        if isinstance(packet, stanza.Iq | stanza.Presence):
            packet.check()
        if isinstance(packet, stanza.Iq):
            await durability.flush()  # its answer acknowledges what came before it
        assert packet.to is not None
        await router.route(packet, stages.context_for(packet.to.domain, Origin.COMPONENT))
    except Exception as error:
        answer = faults.answer(packet, error)
        if answer is not None:
            data.send(answer)


def _addressed(data: ComponentData, item: Element) -> stanza.Stanza:
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


async def _unexpected(data: ComponentData, _event: object) -> None:
    raise StreamError("bad-format")


async def _fault(data: ComponentData, event: StreamFault) -> None:
    raise event.error


async def _lost(data: ComponentData, _event: Closed) -> None:
    data.state = CLOSED


async def _late(data: ComponentData, _event: NegotiationTimeout) -> None:
    if data.state != ESTABLISHED:
        raise StreamError("connection-timeout")


#: what an event means in a state: what is done; a StreamError that it raises ends the stream
TABLE: Final[dict[tuple[str, type], Callable[[ComponentData, Any], Awaitable[None]]]] = {
    ("wait_for_stream", StreamStart): _on_header,
    ("wait_for_handshake", Element): _on_handshake,
    (ESTABLISHED, Element): _on_stanza,
    (ESTABLISHED, Oversized): _on_stanza,
}
#: likewise in any state; what stands in neither is not expected
ANYWHERE: Final[dict[type, Callable[[ComponentData, Any], Awaitable[None]]]] = {
    StreamFault: _fault,
    Closed: _lost,
    NegotiationTimeout: _late,
}


def handshake(stream_id: str, secret: str) -> str:
    """What a component must say: SHA-1 of stream id and secret, in lower-case hex. XEP-0114 §3"""
    return hashlib.sha1(f"{stream_id}{secret}".encode()).hexdigest()


async def start_link(settings: ServiceSettings, connection: Connection) -> Pid | None:
    """Start the process that serves `connection`; service_sup's child function."""
    return await gen_fsm.start_link(Component, settings, connection)
