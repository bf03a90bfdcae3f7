"""room_delivery — what a room says to its occupants: straight to their sessions, and once to each other worker.

OTP:      gen_server
Way:      room_server → [tell] → the c2s of each recipient on this node; → room_delivery of another node → the c2s
          of those there; → router, to who is not of this server
Process:  `muc_delivery@host`, one per node and host, permanent, a child of mod_muc. It keeps nothing
Differs:  the stages of accounts are not passed: who blocks a room leaves it, and nobody's archive keeps what is said in
          a room. All that goes to one node goes one way, so that each occupant hears all in the order of the room
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec, pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza
from xmppd.muc.shared_stanza import Shared
from xmppd.routing import router
from xmppd.routing.context import Context, Origin
from xmppd.routing.deliver import Deliver
from xmppd.routing.session import Session
from xmppd.routing.sm import sm

#: recipients that are told between two turns of others
AT_ONCE: Final = 500


@codec.message
@dataclass(frozen=True, slots=True)
class ToOccupants:
    """To the delivery of another node: one stanza for these of its sessions (full JIDs)."""

    kind: str
    head: str
    content: str = field(repr=False)
    from_: str
    to: tuple[str, ...]


class RoomDelivery(GenServer[str]):
    """See the head of this file."""

    async def init(self, host: str) -> str:
        """Let other nodes find us."""
        await pg.join(name(host), process.self_())
        return host

    def handle_info(self, message: object, state: str) -> NoReply[str]:
        """To sessions of this node, or wherever they have gone."""
        if isinstance(message, ToOccupants):
            shared = Shared(message.kind, message.head, message.content, JID.parse(message.from_))
            for full in message.to:
                jid = JID.parse(full)
                session = session_of(jid)
                if session is not None:
                    process.send(session.pid, Deliver(shared.to(jid)))
        return NoReply(state)


def session_of(jid: JID) -> Session | None:
    """The session of a full JID of ours, on any node."""
    for session in sm.sessions(jid.bare):
        if session.jid.resource == jid.resource:
            return session
    return None


async def tell(host: str, stanza: Stanza, to: Sequence[JID]) -> list[JID]:
    """A stanza with `from` and without `to` for these sessions. Returns those of ours that are not there."""
    shared, gone = Shared.of(stanza), list[JID]()
    away: defaultdict[str, list[str]] = defaultdict(list)
    here = process.node()
    for number, jid in enumerate(to, 1):
        session = session_of(jid) if router.serves(jid.domain) else None
        if session is not None and session.pid.node == here:
            process.send(session.pid, Deliver(shared.to(jid)))
        elif session is not None:
            away[session.pid.node].append(jid.full)
        elif router.serves(jid.domain):
            gone.append(jid)
        else:
            await router.route(stanza.addressed(to=jid), Context(Origin.SERVICE))
        if number % AT_ONCE == 0:
            await process.give_way()
    if away:
        _tell_others(host, shared, away)
    return gone


def _tell_others(host: str, shared: Shared, away: dict[str, list[str]]) -> None:
    by_node: dict[str, Pid] = {pid.node: pid for pid in pg.get_members(name(host))}
    from_ = shared.from_.full if shared.from_ is not None else ""
    for node, names in away.items():
        pid = by_node.get(node)
        if pid is not None:
            process.send(pid, ToOccupants(shared.kind, shared.head, shared.content, from_, tuple(names)))


def name(host: str) -> str:
    """The registered name of a host's delivery, and of the group of all of them."""
    return f"muc_delivery@{host}"


async def start_link(host: str) -> Pid | None:
    """Start the delivery of a host."""
    return await gen_server.start_link(RoomDelivery, host, name=name(host))


def spec(host: str) -> ChildSpec:
    """As a child of a module."""
    return ChildSpec(name(host), (start_link, (host,)))
