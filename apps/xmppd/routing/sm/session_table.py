"""session_table — keeps the session table of this node equal to that of every other: the process around `rows`.

OTP:      gen_server; cf. ejabberd_sm and mongoose_session with Mnesia's ram_copies
Way:      sm.open_session … → [session_table] → ets table "sessions" here, Upsert and Delete to the sm of every other
          node
Process:  `sm`, one per node, permanent, under xmppd.sup; readers never ask it (sm.sm)
Differs:  a node takes part once it has sent SmHello: one without this process is in the mesh, but has no sessions.
          After a crash the table is made again from what the c2s processes of this node have registered (OWN) and
          from the other nodes; no session is dropped, and readers wait for READY
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import NameAt, Pid
from otp.erts.signals import Down
from otp.kernel import held, net_kernel, node
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import ets
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmppd.routing import (
    unconfirmed,
    wire,  # noqa: F401 - for what it registers
)
from xmppd.routing.deliver import Announce, Kick, Replaced
from xmppd.routing.placement import node_for
from xmppd.routing.session import MACHINE, C2sSession, Session
from xmppd.routing.sm import flags, lost_sessions, orphans, suspected_nodes
from xmppd.routing.sm.flags import ClearFlag, FlagsCleared, FlagSet, SetFlag
from xmppd.routing.sm.messages import (
    Ack,
    Delete,
    LossAnnounced,
    ProcessLost,
    RegisterSession,
    SmAgain,
    SmHello,
    StopWaiting,
    UnregisterSession,
    UpdateSession,
    Upsert,
)
from xmppd.routing.sm.rows import Rows, SessionRows

TABLE: Final = orphans.TABLE
NAME: Final = "sm"
READY: Final = ""  # a key that is no account: the table has heard of all nodes that were there
_PATIENCE = 1.0  # seconds that readers wait for nodes that do not answer

#: what the c2s processes of this node have open; each writes its own entry, before it asks sm
OWN: Final[dict[Pid, C2sSession]] = {}
unconfirmed.senders(OWN)
#: the sm processes of the other nodes that hear of what is ours; written by sm
PEERS: Final[set[Pid]] = set()
_asked: Final[list[Callable[[str], bool]]] = []


@dataclass(slots=True)
class SmState:
    """`watched`: monitored c2s processes; `number`: of our last news; `awaited`: nodes that have not said SmHello since
    our start; `most`: sessions an account may have; `os_pids`: of the other nodes, None on another machine; `lost`:
    those whose sessions we gave up though they ran, and their creation then; `kicked`: processes of `watched` that have
    been told to go, there being too many.
    """

    table: ets.Table[str, Rows]
    rows: SessionRows
    most: int
    watched: dict[Pid, Session] = field(default_factory=dict)
    number: int = 0
    awaited: set[str] = field(default_factory=set)
    os_pids: dict[str, int | None] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    kicked: set[Pid] = field(default_factory=set)


class Sm(GenServer[SmState]):
    """See the head of this file; its one argument is the number of sessions an account may have."""

    def init(self, most: int) -> Any:
        """Make the table again from what is known, ask the other nodes."""
        table: ets.Table[str, Rows] = ets.new(TABLE)
        state = SmState(table, SessionRows(table), most)
        suspected_nodes.SUSPECTED.clear()
        flags.clear()
        members = {peer.node for peer in PEERS}  # known before a crash: they may just be starting again, too
        PEERS.clear()
        for own in list(OWN.values()):
            state.rows.put(own.entry)
            _watch(state, own.entry)  # one that died meanwhile gives a Down at once
        state.awaited = {name for name, _ in node.monitor_nodes()}
        for name in state.awaited:
            net_kernel.send_name(name, NAME, _own_hello(state))
            if name not in members:
                process.monitor(NameAt(NAME, name))  # gives a Down at once if that node has no sm
        process.send_after(_PATIENCE, process.self_(), StopWaiting())
        _set_ready(state)
        return state

    def handle_call(self, request: object, from_: Any, state: SmState) -> Any:
        """Sessions of this node."""
        match request:
            case RegisterSession(session):
                return Reply(_open(state, session), state)
            case UpdateSession(session, answer) if state.rows.is_visible(session):
                state.rows.put(session)
                state.watched[session.pid] = session
                return Reply(_tell_peers(Upsert(session, _count(state), answer)), state)
            case UnregisterSession(session):
                return Reply(_close(state, session), state)
            case SetFlag():
                return Reply(flags.set_and_tell(PEERS, request, answer=True), state)
        return Reply(None, state)

    def handle_cast(self, request: object, state: SmState) -> Any:
        """Flags of this node's processes that are over."""
        if isinstance(request, ClearFlag):
            flags.clear_and_tell(PEERS, request)
        return NoReply(state)

    def handle_info(self, message: object, state: SmState) -> Any:
        """Sessions of other nodes, and ends."""
        match message:
            case Upsert(session, number, answer) if _heard(state, session.pid.node, number):
                _put(state, session)
                _limit(state, session.bare)
                if answer:
                    process.send(session.pid, Ack(over=False, unsettled=unsettled(session.bare)))
            case ProcessLost(pid):
                unconfirmed.lost(pid)
            case Delete(jid, pid, number, ticket) if _heard(state, pid.node, number):
                if ticket:
                    flags.set_flag("leaving", jid.bare, pid, ticket)
                state.rows.remove(jid, pid)
                process.send(pid, Ack(over=True))
            case FlagSet() | ClearFlag() | FlagsCleared():
                flags.apply(message)
            case Down(_, NameAt(_, name), _):
                _heard_of(state, name)
            case Down(_, pid, _) if isinstance(pid, Pid):
                _down(state, pid)
            case SmHello():
                _on_hello(state, message)
            case SmAgain(pid):
                process.send(pid, _own_hello(state))
            case NodeUp(name, creation):
                _node_up(state, name, creation)
            case NodeDown(name, creation):
                _node_down(state, name, creation)
            case suspected_nodes.Recheck(name) if name in suspected_nodes.SUSPECTED and not suspected_nodes.is_awaited(
                name
            ):
                _give_up(state, name)
            case LossAnnounced(name, creation):
                _loss_announced(state, name, creation)
            case StopWaiting():
                state.awaited.clear()
                _set_ready(state)
        return NoReply(state)


def on_asked(is_settled: Callable[[str], bool]) -> None:
    """Ask is_settled(bare JID) whether all that has come to this node for an account is where it is to be. Replaces who
    was asked."""
    _asked[:] = [is_settled]


def unsettled(bare: str) -> str:
    """This node, if something that came for the account may be on its way to the store, or to another node; else ""."""
    return "" if all(is_settled(bare) for is_settled in _asked) else process.node()


def has_left(bare: str, pid: Pid) -> bool:
    """Whether a session of this account is out of the table, and what had come for it is where it went."""
    try:
        rows = ets.lookup_table(TABLE).get(bare, ())
    except ets.NoSuchTable:
        return False
    return all(row.pid is not pid for row in rows) and not flags.is_in_hand(bare, pid)


# --- the sessions of this node


def _open(state: SmState, session: Session) -> Session | None:
    other = _put(state, session)
    _watch(state, session)
    _limit(state, session.bare)
    _tell_peers(Upsert(session, _count(state)))
    return other if other is not None and state.rows.is_visible(session) else None


def _put(state: SmState, session: Session) -> Session | None:
    """Enter a session, of whichever node. Of two with one full JID the older is told to go, and is waited for."""
    other = state.rows.put(session)
    if other is not None:
        older, newer = (other, session) if state.rows.is_visible(session) else (session, other)
        flags.set_flag("leaving", older.bare, older.pid)
        if process.node() in (older.pid.node, newer.pid.node):
            process.send(older.pid, Replaced())
    return other


def _limit(state: SmState, bare: str) -> None:
    """Those beyond the newest `most` of an account have to go. Each node tells its own, once: one that was told is in
    the table until it has said its goodbyes, and does not stand for another."""
    rows = state.rows.of_account(bare)
    if len(rows) <= state.most:
        return
    for old in rows[: -state.most]:
        if old.pid in state.watched and old.pid not in state.kicked:
            state.kicked.add(old.pid)
            process.send(old.pid, Kick("policy-violation", "too many sessions of this account"))


def _watch(state: SmState, session: Session) -> None:
    if session.pid not in state.watched:
        process.monitor(session.pid)
    state.watched[session.pid] = session


def _close(state: SmState, session: Session) -> int:
    """It leaves in order: flagged before it is out of the table, here and, with one message, on every other node."""
    ticket = flags.set_flag("leaving", session.bare, session.pid)
    if session.pid in state.watched:
        return _forget(state, session, ticket)
    flags.set_and_tell(PEERS, SetFlag("leaving", session.bare, session.pid))
    return 0


def _forget(state: SmState, session: Session, ticket: int = 0) -> int:
    """Returns how many nodes were told."""
    state.watched.pop(session.pid, None)
    state.kicked.discard(session.pid)
    OWN.pop(session.pid, None)
    state.rows.remove(session.jid, session.pid)
    return _tell_peers(Delete(session.jid, session.pid, _count(state), ticket))


def _down(state: SmState, pid: Pid) -> None:
    PEERS.discard(pid)
    _heard_of(state, pid.node)
    session = state.watched.get(pid)
    if session is not None or any(flag.kind != "fetching" for flag in flags.flags_of(pid)):
        _tell_peers(ProcessLost(pid))
        unconfirmed.lost(pid)
    for flag in flags.flags_of(pid):
        flags.clear_and_tell(PEERS, flag)
    if session is None:
        return
    _tell_peers(ClearFlag("leaving", session.bare, pid))
    replaced = not state.rows.is_visible(session)
    _forget(state, session)
    if not replaced:
        lost_sessions.tell([session])


# --- the other nodes


def _count(state: SmState) -> int:
    state.number += 1
    return state.number


def _tell_peers(message: object) -> int:
    """Returns how many were told."""
    for peer in PEERS:
        process.send(peer, message)
    return len(PEERS)


def _heard(state: SmState, name: str, number: int) -> bool:
    """News of another node have come; False: not to be heeded. If some before them have not, it is asked for all."""
    complete = name not in state.rows.missed
    heeded = state.rows.hear(name, number)
    if complete and name in state.rows.missed:
        net_kernel.send_name(name, NAME, SmAgain(process.self_()))
    return heeded


def _own_hello(state: SmState, lost: bool = False) -> SmHello:
    own = tuple(state.watched.values())
    return SmHello(process.self_(), own, state.number, MACHINE, os.getpid(), lost)


def _on_hello(state: SmState, hello: SmHello) -> None:
    peer, name = hello.pid, hello.pid.node
    if peer not in PEERS:
        PEERS.add(peer)
        process.monitor(peer)
        process.send(peer, _own_hello(state))
        for flag in flags.own_flags():
            process.send(peer, flag)
        state.rows.heard.pop(name, None)  # its numbers may start again
        flags.clear_node(name)  # it tells what is set; what it has cleared meanwhile was not heard here
    state.os_pids[name] = hello.os_pid if hello.machine == MACHINE else None
    gone = state.rows.replace(name, hello.number, hello.sessions)
    for session in hello.sessions if gone is not None else ():
        _put(state, session)
        _limit(state, session.bare)
    if suspected_nodes.SUSPECTED.pop(name, None) is not None:
        lost_sessions.tell(gone or ())  # they said goodbye while it could not be heard here
    if hello.lost:
        for pid in state.watched:
            process.send(pid, Announce())
    _heard_of(state, name)


def _heard_of(state: SmState, name: str) -> None:
    if name in state.awaited:
        state.awaited.discard(name)
        _set_ready(state)


def _set_ready(state: SmState) -> None:
    if not state.awaited and READY not in state.table:
        state.table[READY] = ()


def _node_up(state: SmState, name: str, creation: int) -> None:
    suspect = suspected_nodes.SUSPECTED.get(name)
    if suspect is not None and suspect.creation != creation:
        _give_up(state, name)
    unconfirmed.node_is_back(name, creation)
    lost = state.lost.pop(name, None) == creation
    net_kernel.send_name(name, NAME, _own_hello(state, lost))


def _node_down(state: SmState, name: str, creation: int) -> None:
    """Its process may live on and only the link be cut: then nothing is lost if it is back soon."""
    PEERS.difference_update([peer for peer in PEERS if peer.node == name])
    _heard_of(state, name)
    suspected_nodes.suspect(name, creation, state.os_pids.get(name, 0))
    if not suspected_nodes.is_awaited(name):
        _give_up(state, name)


def _give_up(state: SmState, name: str) -> None:
    creation = suspected_nodes.SUSPECTED.pop(name).creation
    told = LossAnnounced(name, creation)
    flags.clear_node(name)
    gone = state.rows.lose(name)
    alive = [process.node(), *(peer.node for peer in PEERS)]
    lost_sessions.tell(gone, told, lambda s: node_for(s.jid.full, alive) == process.node())
    held.give_back(name)
    unconfirmed.lost_node(name, creation)


def _loss_announced(state: SmState, name: str, creation: int) -> None:
    """If the node lives its sessions are to say that they do; never before it was told that they do not."""
    if node.creation_of(name) == creation:
        net_kernel.send_name(name, NAME, _own_hello(state, lost=True))
    else:
        state.lost[name] = creation
