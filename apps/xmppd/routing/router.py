"""router — to whom a stanza goes, by the domain of its `to`.

OTP:      gen_server (handler_table) owning the ets table "router"; cf. ejabberd_router.erl, ejabberd_local.erl
Way:      packets, mods, iq answers → [router] → users | iq (for the server itself) | services (a domain of a module)
          | the process of a component → …
Process:  `router`, one per node, permanent, under xmppd.sup; `route` runs in the sender's process.
          Service domains are entries of their modules, which register them again after a crash of the router.
          Domains of other processes (components) are pg groups: every node knows them, and they outlive the router
RFC:      6120 §10 (§10.5.1, §10.5.2: the server itself)
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import pace, pg, rpc
from otp.kernel.pace import BEHIND
from otp.stdlib import ets, gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import Reply
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Presence, Stanza
from xmppd.routing import awaited, faults, handler_table, iq, services, users
from xmppd.routing.account import stages
from xmppd.routing.context import Context, Origin
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.routing.handler_table import HandlerEntry, HandlerTable, Register, TableState
from xmppd.routing.routes import Fallback, HostRoute, ProcessRoute, Route, ServiceRoute
from xmppd.routing.sm import sm

TABLE: Final = "router"
#: in place of a domain in register_route: all domains that are nobody's, which is what federation takes
NOBODYS: Final = "*"
_TRIES = 1000
_PATIENCE = 2.0  # seconds for a node that does not answer


@dataclass(frozen=True, slots=True)
class RegisterRoute:
    """A call: `pid`, a process of this node, takes what is for `domain`. Answers whether it may."""

    domain: str
    pid: Pid


@dataclass(frozen=True, slots=True)
class UnregisterRoute:
    """A call: the inverse."""

    domain: str
    pid: Pid


class Taken(Exception):
    """A domain is taken; the text says by whom."""


class Router(HandlerTable):
    """Owns the table of the hosts served here, and of the service domains of their modules."""

    def init(self, hosts: Sequence[str]) -> TableState:
        """The hosts served."""
        state = super().init(TABLE)
        for host in hosts:
            state.table[host] = HostRoute(host)
        return state

    async def handle_call(self, request: object, from_: Any, state: TableState) -> Any:
        """Routes of other processes, and of modules."""
        match request:
            case RegisterRoute(domain, pid):
                taken = domain in state.table or any(p is not pid for p in pg.get_members(_group(domain)))
                if not taken and pid not in pg.get_members(_group(domain)):
                    await pg.join(_group(domain), pid)
                return Reply(not taken, state)
            case UnregisterRoute(domain, pid):
                await pg.leave(_group(domain), pid)
                return Reply(None, state)
            case Register(owner, entries):
                for entry in entries:
                    if (by := _taken_by(entry.key, owner)) is not None:
                        return Reply(by, state)
        return super().handle_call(request, from_, state)


def _taken_by(domain: Any, owner: str) -> str | None:
    """Says in words who else has a domain that a module wants."""
    match route_of(domain):
        case HostRoute():
            return "it is a host of ours"
        case ServiceRoute(owner=other) if other != owner:
            return f"{other} has it"
        case ProcessRoute():
            return "a component has it"
    return None


async def start_link(hosts: Sequence[str]) -> Pid | None:
    """Starts the router of this node, which serves `hosts` (domains, prepared)."""
    return await gen_server.start_link(Router, tuple(hosts), name="router")


def spec(hosts: Sequence[str]) -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("router", (start_link, (tuple(hosts),)))


def hosts() -> list[str]:
    """The virtual hosts that are served; [] while the router is being restarted."""
    try:
        return [route.domain for route in ets.lookup_table(TABLE).values() if isinstance(route, HostRoute)]
    except ets.NoSuchTable:
        return []


def services_of(host: str) -> list[str]:
    """The service domains of a host's modules; [] while the router is being restarted."""
    try:
        rows = list(ets.lookup_table(TABLE).values())
    except ets.NoSuchTable:
        return []
    found = [row[0].fn for row in rows if isinstance(row, tuple)]
    return [service.domain for service in found if service.host == host]


def domains() -> list[str]:
    """The domains that processes of any node have registered."""
    found = [group.removeprefix("route:") for group in pg.which_groups() if str(group).startswith("route:")]
    return [domain for domain in found if domain != NOBODYS]


def processes_of(domain: str) -> list[Pid]:
    """The processes, of any node, that have registered a domain."""
    return pg.get_members(_group(domain))


def route_of(domain: str) -> Route | None:
    """The route of a domain; None while that is not known, since the router is being restarted."""
    try:
        table = ets.lookup_table(TABLE)
    except ets.NoSuchTable:
        return None
    found: Any = table.get(domain)
    if type(found) is HostRoute:
        return found
    if found is not None:
        service: ServiceRoute = found[0].fn
        return service
    if pg.get_members(_group(domain)):
        return ProcessRoute(domain)
    return Fallback(domain) if handler_table.READY in table else None


async def _settled_route_of(domain: str) -> Route:
    for _ in range(_TRIES):
        if (found := route_of(domain)) is not None:
            return found
        await process.sleep(0.005)
    return Fallback(domain)


def service_entries(service: ServiceRoute | None) -> tuple[HandlerEntry, ...]:
    """A service domain as handler_table.register wants it, none for a module without one."""
    return () if service is None else (HandlerEntry(service.domain, 50, service.owner, service),)


async def register_service(owner: str, service: ServiceRoute | None) -> None:
    """Make this the one service domain of a module (`owner`: its process); None takes it away.

    Raises Taken if it is a host, or a component or another module has it.
    """
    by = await gen_server.call(TABLE, Register(owner, service_entries(service)))
    if by is not None and service is not None:
        raise Taken(f"{owner} cannot have the domain {service.domain}: {by}")


async def register_route(domain: str, pid: Pid) -> bool:
    """Sends `pid` a Deliver(stanza) for every stanza to `domain`, from all nodes, until it ends.

    NOBODYS in place of a domain: for every stanza to a domain that is nobody's.

    False if the domain is a host of ours or another process has it. When it returns every node knows.
    """
    taken = bool(await gen_server.call("router", RegisterRoute(domain, pid)))
    await known_everywhere()
    return taken


async def unregister_route(domain: str, pid: Pid) -> None:
    """Undoes register_route. When it returns nobody finds the route, and what was sent along it has come."""
    await gen_server.call("router", UnregisterRoute(domain, pid))
    await known_everywhere()


async def known_everywhere() -> None:
    """Returns when all other nodes know what the groups of this one were told before."""
    for name in sm.other_nodes():
        with contextlib.suppress(rpc.RpcError):
            await rpc.call(name, "xmppd.routing.router:heard", timeout=_PATIENCE)


@rpc.exported
async def heard() -> None:
    """Answers another node: the groups here know what it said before."""
    await pg.leave("", [])


async def route(stanza: Stanza, context: Context | None = None) -> None:
    """Hands a stanza on; `from_` and `to` are set. Errors go back to the sender the same way. `context`: what is known
    of it beside."""
    answer = await dispatch(stanza, context)
    if answer is not None and answer.to is not None:
        await route(answer)


async def route_of_account(stanza: Stanza, context: Context | None = None) -> None:
    """As route, for a stanza that is sent by, or in the name of, an account of ours: its stages come first."""
    answer = await dispatch_of_account(stanza, context or Context(Origin.SERVER))
    if answer is not None and answer.to is not None:
        await route(answer)


async def dispatch_of_account(stanza: Stanza, context: Context | None = None) -> Stanza | None:
    """As dispatch, likewise. Raises what a stage of the sender raises."""
    from_ = stanza.from_
    assert from_ is not None
    if not stages.are_wanted(from_.domain):
        return await dispatch(stanza, context)
    context = context or Context()
    kept = stages.begin_send(stanza, context)
    left = kept if kept is None or isinstance(kept, Stanza) else await kept
    return None if left is None else await dispatch(left, context.for_recipient())


async def dispatch(stanza: Stanza, context: Context | None = None) -> Stanza | None:
    """Hands a stanza on; returns what is to be answered to its sender, if anything: the caller has it at hand.

    What fails behind it is an error too (faults.answer): it does not stop a caller that has more to send.
    """
    to = stanza.to
    assert to is not None
    try:
        match route_of(to.domain) or await _settled_route_of(to.domain):
            case HostRoute() if to.local:
                left = stages.begin_receive(stanza, context)
                return left if left is None or isinstance(left, Stanza) else await left
            case HostRoute():
                return await _answer_local(stanza)
            case ServiceRoute() as service:
                return await services.route(stanza, service)
            case ProcessRoute(domain):
                return await _away(stanza, domain)
            case Fallback():
                return await _away(stanza, NOBODYS)
    except Exception as error:
        return faults.answer(stanza, error)


def deliver_presence_now(presence: Presence) -> bool:
    """As route_of_account, on the way of nearly all presence: `available` or `unavailable`, from an account of ours to
    an account (a bare JID) of ours. False: nothing was done, or it fails, and route_of_account does the rest."""
    from_, to = presence.from_, presence.to
    if from_ is None or to is None or not to.local or to.resource:
        return False
    try:
        if stages.are_wanted_of_presence(to.domain):
            return False
        if from_.domain != to.domain and (stages.are_wanted_of_presence(from_.domain) or not serves(to.domain)):
            return False
        return users.deliver_presence_now(presence, to)
    except Exception:
        return False  # route logs and answers it


def serves(domain: str) -> bool:
    """Whether a domain is a virtual host of ours; False also while the router is being restarted."""
    try:
        return type(ets.lookup_table(TABLE).get(domain)) is HostRoute
    except ets.NoSuchTable:
        return False


async def route_if_newer(presence: Presence, version: int) -> None:
    """Presence to a contact (a bare JID) that comes from a change of the sender's roster, whose version is now this.

    The sender's session says that it is there, and whoever changes the roster that it is not, each in its own
    process: at a contact of ours the word of the later version counts.
    """
    from_, to = presence.from_, presence.to
    assert from_ is not None
    assert to is not None
    if stages.are_wanted_of_presence(from_.domain) or not isinstance(await _settled_route_of(to.domain), HostRoute):
        await route_of_account(presence, Context(Origin.SERVER, version=version))
        return
    if BEHIND:
        await sm.reachable_sessions(to.bare)
    for session in sm.available(to.bare):
        process.send(session.pid, DeliverIfNewer(presence, f"presence of {from_.full}", version))


async def _answer_local(stanza: Stanza) -> Stanza | None:
    """What the server says to a stanza addressed to it; None if nothing."""
    if isinstance(stanza, Iq):
        if not stanza.is_request:
            awaited.take(stanza)
        return await iq.process(stanza, iq.LOCAL)
    return services.unanswered(stanza)


async def _away(stanza: Stanza, domain: str) -> Stanza | None:
    """To the process that has the domain; the same one for all that a sender says, so that order is kept."""
    taker = _taker(stanza, domain)
    if taker is not None and BEHIND:
        await pace.turn(taker.node)
        taker = _taker(stanza, domain)
    if taker is None:
        return faults.bounce(stanza, StanzaError("remote-server-not-found"))
    process.send(taker, Deliver(stanza))
    return None


def _taker(stanza: Stanza, domain: str) -> Pid | None:
    ordered = sorted(pg.get_members(_group(domain)))
    who = stanza.from_.bare if stanza.from_ is not None else ""
    return ordered[crc32(who.encode()) % len(ordered)] if ordered else None


def _group(domain: str) -> str:
    return f"route:{domain}"
