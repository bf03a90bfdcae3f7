"""router — to whom a stanza goes, by the domain of its `to`.

OTP:      gen_server owning the ets table "routes"; cf. ejabberd_router.erl, ejabberd_local.erl
Way:      packets, mods, iq answers → [router] → users | iq (for the server itself) | the process of a component → …
Process:  `router`, one per node, permanent, under xmppd.sup; `route` runs in the sender's process.
          Domains of other processes (components) are pg groups: known on every node, and no crash here forgets them
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
from otp.kernel import node, pace, pg, rpc
from otp.kernel.pace import BEHIND
from otp.stdlib import ets, gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, Reply
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import faults, iq, users
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.routing.sm import session_table, sm

TABLE: Final = "routes"
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


class Router(GenServer["ets.Table[str, bool]"]):
    """Owns the table of the hosts served here."""

    def init(self, hosts: Sequence[str]) -> Any:
        """The hosts served."""
        table = ets.new(TABLE)
        for host in hosts:
            table[host] = True
        return table

    async def handle_call(self, request: object, from_: Any, state: Any) -> Any:
        """Routes of other processes."""
        match request:
            case RegisterRoute(domain, pid):
                taken = domain in state or any(p is not pid for p in pg.get_members(_group(domain)))
                if not taken and pid not in pg.get_members(_group(domain)):
                    await pg.join(_group(domain), pid)
                return Reply(not taken, state)
            case UnregisterRoute(domain, pid):
                await pg.leave(_group(domain), pid)
        return Reply(None, state)


async def start_link(hosts: Sequence[str]) -> Pid | None:
    """Starts the router of this node, which serves `hosts` (domains, prepared)."""
    return await gen_server.start_link(Router, tuple(hosts), name="router")


def spec(hosts: Sequence[str]) -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("router", (start_link, (tuple(hosts),)))


def hosts() -> list[str]:
    """The virtual hosts that are served; [] while the router is being restarted."""
    try:
        return ets.lookup_table(TABLE).keys()
    except ets.NoSuchTable:
        return []


def domains() -> list[str]:
    """The domains that processes of any node have registered."""
    return [group.removeprefix("route:") for group in pg.which_groups() if str(group).startswith("route:")]


def processes_of(domain: str) -> list[Pid]:
    """The processes, of any node, that have registered a domain."""
    return pg.get_members(_group(domain))


async def register_route(domain: str, pid: Pid) -> bool:
    """Has `pid` get Deliver(stanza) for every stanza to `domain`, from all nodes, until it ends.

    False if the domain is a host of ours or another process has it. When it returns every node knows.
    """
    taken = bool(await gen_server.call("router", RegisterRoute(domain, pid)))
    await _everywhere()
    return taken


async def unregister_route(domain: str, pid: Pid) -> None:
    """Undoes register_route. When it returns nobody finds the route, and what was sent along it has come."""
    await gen_server.call("router", UnregisterRoute(domain, pid))
    await _everywhere()


async def _everywhere() -> None:
    for name in node.nodes():
        if name != session_table.PARENT:
            with contextlib.suppress(rpc.RpcError):
                await rpc.call(name, "xmppd.routing.router:heard", timeout=_PATIENCE)


@rpc.exported
async def heard() -> None:
    """Answers another node: the groups here know what it said before."""
    await pg.leave("", [])


async def route(stanza: Stanza) -> None:
    """Hands a stanza on; `from_` and `to` are set. Errors go back to the sender the same way."""
    answer = await dispatch(stanza)
    if answer is not None and answer.to is not None:
        await route(answer)


async def dispatch(stanza: Stanza) -> Stanza | None:
    """Hands a stanza on; returns what is to be answered to its sender, if anything: the caller has it at hand.

    What fails behind it is an error too (faults.answer): it stops nobody who has more to send, or others to tell.
    """
    to = stanza.to
    assert to is not None
    try:
        if not await _is_host(to.domain):
            return await _away(stanza, to.domain)
        if to.local:
            return await users.route(stanza)
        return await _answer_local(stanza)
    except Exception as error:
        return faults.answer(stanza, error)


def deliver_presence_now(presence: Presence) -> bool:
    """As route, on the way of nearly all presence: `available` or `unavailable`, to an account (a bare JID) of ours.
    False: nothing was done, or it fails, and route does the rest."""
    to = presence.to
    if to is None or not to.local or to.resource:
        return False
    try:
        return serves(to.domain) and users.deliver_presence_now(presence, to)
    except Exception:
        return False  # route says of it what is to be said


def serves(domain: str) -> bool:
    """Whether a domain is a virtual host of ours; False also while the router is being restarted."""
    try:
        return domain in ets.lookup_table(TABLE)
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
    if not await _is_host(to.domain):
        await route(presence)
        return
    if BEHIND:
        await sm.reachable_sessions(to.bare)
    for session in sm.available(to.bare):
        process.send(session.pid, DeliverIfNewer(presence, f"presence of {from_.full}", version))


async def _is_host(domain: str) -> bool:
    for _ in range(_TRIES):
        try:
            return domain in ets.lookup_table(TABLE)
        except ets.NoSuchTable:
            await process.sleep(0.005)
    return False


async def _answer_local(stanza: Stanza) -> Stanza | None:
    """What the server says to a stanza addressed to it; None if nothing."""
    if isinstance(stanza, Iq):
        return await iq.process(stanza, iq.LOCAL)
    if isinstance(stanza, Message) and stanza.type != "headline":
        return faults.bounce(stanza, StanzaError("service-unavailable"))
    return None


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
