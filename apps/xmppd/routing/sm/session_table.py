"""session_table — keeps the session table of this node equal to that of every other.

OTP:      gen_server; cf. ejabberd_sm and mongoose_session with Mnesia's ram_copies
Way:      sm.open_session … → [session_table] → ets table "sessions" here, Upsert and Delete to the sm of every other
          node
Process:  `sm`, one per node, permanent, under xmppd.sup; readers never ask it (sm.sm)
Differs:  newest wins: of two sessions with one full JID the greater sid stays, on whichever node, and every node
          decides the same. After a crash the table is made again from what the c2s processes of this node
          have registered (OWN) and from the other nodes; no session is dropped, and readers wait for READY
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import held, net_kernel, node
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import ets
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmppd.routing import wire  # noqa: F401 - wire: for what it registers
from xmppd.routing.deliver import Announce, Kick, Replaced
from xmppd.routing.session import C2sSession, Session
from xmppd.routing.sm import flags, lost_sessions, suspected_nodes
from xmppd.routing.sm.flags import ClearFlag, FlagsCleared, FlagSet, SetFlag
from xmppd.routing.sm.messages import (
    Ack,
    Delete,
    LossAnnounced,
    RegisterSession,
    Rows,
    SmHello,
    StopWaiting,
    UnregisterSession,
    UpdateSession,
    Upsert,
)

TABLE: Final = "sessions"
#: the node of the parent process: it is in the mesh and has no sessions
PARENT: Final = "main"
NAME: Final = "sm"
READY: Final = ""  # a key that is no account: the table has heard of all nodes that were there
_PATIENCE = 1.0  # seconds that readers wait for nodes that do not answer

#: what the c2s processes of this node have open; each writes its own entry, before it asks sm
OWN: Final[dict[Pid, C2sSession]] = {}


@dataclass(slots=True)
class SmState:
    """`watched`: monitored c2s processes; `peers`: sm processes of other nodes, `awaited` those who have not said
    SmHello since our start (by node); `most`: sessions an account may have; `os_pids`: of the other nodes; `lost`:
    those whose sessions we gave up though they ran, and their creation then; `kicked`: processes of `watched` that have
    been told to go, there being too many.
    """

    table: ets.Table[str, Rows]
    most: int
    watched: dict[Pid, Session] = field(default_factory=dict)
    peers: set[Pid] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    os_pids: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    kicked: set[Pid] = field(default_factory=set)


class Sm(GenServer[SmState]):
    """See the head of this file; its one argument is the number of sessions an account may have."""

    def init(self, most: int) -> Any:
        """Make the table again from what is known, ask the other nodes."""
        state = SmState(ets.new(TABLE), most)
        suspected_nodes.SUSPECTED.clear()
        flags.clear()
        state.awaited = {name for name, _ in node.monitor_nodes() if name != PARENT}
        for _pid, own in list(OWN.items()):
            _insert(state, own.entry)
            _watch(state, own.entry)  # one that died meanwhile gives a Down at once
        for name in state.awaited:
            net_kernel.send_name(name, NAME, _own_hello(state))
        process.send_after(_PATIENCE, process.self_(), StopWaiting())
        _set_ready(state)
        return state

    def handle_call(self, request: object, from_: Any, state: SmState) -> Any:
        """Sessions of this node."""
        match request:
            case RegisterSession(session):
                old = _open(state, session)
                _tell_peers(state, Upsert(session))
                return Reply(old, state)
            case UpdateSession(session, answer) if _known(state, session):
                _insert(state, session)
                state.watched[session.pid] = session
                _tell_peers(state, Upsert(session, answer))
                return Reply(len(state.peers), state)
            case UnregisterSession(session):
                return Reply(_close(state, session), state)
            case SetFlag():
                return Reply(flags.set_and_tell(state.peers, request, answer=True), state)
        return Reply(None, state)

    def handle_cast(self, request: object, state: SmState) -> Any:
        """Flags of this node's processes that are over."""
        if isinstance(request, ClearFlag):
            flags.clear_and_tell(state.peers, request)
        return NoReply(state)

    def handle_info(self, message: object, state: SmState) -> Any:
        """Sessions of other nodes, and ends."""
        match message:
            case Upsert(session, answer):
                _upsert(state, session)
                _limit(state, session.bare)
                if answer:
                    process.send(session.pid, Ack(over=False))
            case Delete(session, ticket):
                if ticket:
                    flags.set_flag("leaving", session.bare, session.pid, ticket)
                _delete(state, session)
                process.send(session.pid, Ack(over=True))
            case FlagSet() | ClearFlag() | FlagsCleared():
                flags.apply(message)
            case Down(_, pid, _) if isinstance(pid, Pid):
                _down(state, pid)
            case SmHello():
                _on_hello(state, message)
            case NodeUp(name, creation) if name != PARENT:
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


# --- the sessions of this node


def _open(state: SmState, session: Session) -> Session | None:
    old = next((s for s in _rows(state, session.bare) if s.jid == session.jid), None)
    if old is not None and old.sid > session.sid:
        process.send(session.pid, Replaced())
        return None
    if old is not None and old.pid is not session.pid:
        process.send(old.pid, Replaced())
        flags.set_flag("leaving", old.bare, old.pid)
    _insert(state, session)
    _watch(state, session)
    _limit(state, session.bare)
    return old if old is not None and old.pid is not session.pid else None


def _limit(state: SmState, bare: str) -> None:
    """Those beyond the newest `most` of an account have to go. Each node tells its own, once: one that was told is in
    the table until it has said its goodbyes, and does not stand for another."""
    rows = _rows(state, bare)
    if len(rows) <= state.most:
        return
    for old in sorted(rows, key=lambda s: s.sid)[: -state.most]:
        if old.pid in state.watched and old.pid not in state.kicked:
            state.kicked.add(old.pid)
            process.send(old.pid, Kick("policy-violation", "too many sessions of this account"))


def _watch(state: SmState, session: Session) -> None:
    if session.pid not in state.watched:
        process.monitor(session.pid)
    state.watched[session.pid] = session


def _close(state: SmState, session: Session) -> int:
    """It leaves in order: flagged before it is out of the table, here and, with one message, on every other node."""
    flag = SetFlag("leaving", session.bare, session.pid)
    if not _known(state, session):
        flags.set_and_tell(state.peers, flag)  # a newer one has its place
    return _forget(state, session, flags.set_flag(flag.kind, flag.bare, flag.pid))


def _forget(state: SmState, session: Session, ticket: int = 0) -> int:
    """Returns how many nodes were told."""
    state.watched.pop(session.pid, None)
    state.kicked.discard(session.pid)
    OWN.pop(session.pid, None)
    if not _delete(state, session):
        return 0
    _tell_peers(state, Delete(session, ticket))
    return len(state.peers)


def _down(state: SmState, pid: Pid) -> None:
    state.peers.discard(pid)
    _heard_of(state, pid.node)
    session = state.watched.get(pid)
    for flag in flags.flags_of(pid):
        flags.clear_and_tell(state.peers, flag)
    if session is None:
        return
    _tell_peers(state, ClearFlag("leaving", session.bare, pid))
    replaced = not _known(state, session)
    _forget(state, session)
    if not replaced:
        lost_sessions.tell([session])


# --- rows


def _rows(state: SmState, bare: str) -> Rows:
    rows: Rows = state.table.get(bare, ())
    return rows


def _known(state: SmState, session: Session) -> bool:
    return any(s.sid == session.sid and s.jid == session.jid for s in _rows(state, session.bare))


def _insert(state: SmState, session: Session) -> None:
    rows = _rows(state, session.bare)
    if not rows:
        state.table[session.bare] = (session,)
        return
    rest = [s for s in rows if s.jid != session.jid]
    state.table[session.bare] = (*rest, session) if len(rest) == len(rows) else _swap(rows, session)


def _swap(rows: Rows, session: Session) -> Rows:
    return tuple([session if s.jid == session.jid else s for s in rows])


def _delete(state: SmState, session: Session) -> bool:
    rows = _rows(state, session.bare)
    left = tuple(s for s in rows if s.sid != session.sid or s.jid != session.jid)
    if left:
        state.table[session.bare] = left
    elif rows:
        del state.table[session.bare]
    return len(left) != len(rows)


# --- the other nodes


def _tell_peers(state: SmState, message: object) -> None:
    for peer in state.peers:
        process.send(peer, message)


def _upsert(state: SmState, session: Session) -> None:
    """A row of another node. Of two with one full JID the newer stays; ours is told if it is the older."""
    old = next((s for s in _rows(state, session.bare) if s.jid == session.jid), None)
    if old is None or old.sid == session.sid:
        _insert(state, session)
    elif old.sid < session.sid:
        _insert(state, session)
        flags.set_flag("leaving", old.bare, old.pid)
        if old.pid.node == process.node():
            process.send(old.pid, Replaced())
    elif old.pid.node == process.node():
        process.send(session.pid, Replaced())


def _own_hello(state: SmState, lost: bool = False) -> SmHello:
    own = tuple([s for s in state.watched.values() if _known(state, s)])
    return SmHello(process.self_(), own, os.getpid(), lost)


def _on_hello(state: SmState, hello: SmHello) -> None:
    peer = hello.pid
    if peer not in state.peers:
        state.peers.add(peer)
        process.monitor(peer)
        process.send(peer, _own_hello(state))
        for flag in flags.own_flags():
            process.send(peer, flag)
    state.os_pids[peer.node] = hello.os_pid
    said = {s.sid for s in hello.sessions}
    gone = [session for session in _of_node(state, peer.node) if session.sid not in said]
    for session in gone:
        _delete(state, session)
    for session in hello.sessions:
        _upsert(state, session)
        _limit(state, session.bare)
    if suspected_nodes.SUSPECTED.pop(peer.node, None) is not None:
        lost_sessions.tell(gone)  # they said goodbye while it could not be heard here
    if hello.lost:
        for pid in state.watched:
            process.send(pid, Announce())
    _heard_of(state, peer.node)


def _heard_of(state: SmState, name: str) -> None:
    if name in state.awaited:
        state.awaited.discard(name)
        _set_ready(state)


def _set_ready(state: SmState) -> None:
    if not state.awaited and READY not in state.table:
        state.table[READY] = ()


def _of_node(state: SmState, name: str) -> list[Session]:
    return [s for _, rows in state.table.items() for s in rows if s.pid.node == name]


def _node_up(state: SmState, name: str, creation: int) -> None:
    suspect = suspected_nodes.SUSPECTED.get(name)
    if suspect is not None and suspect.creation != creation:
        _give_up(state, name)
    lost = state.lost.pop(name, None) == creation
    net_kernel.send_name(name, NAME, _own_hello(state, lost))


def _node_down(state: SmState, name: str, creation: int) -> None:
    """Its process may live on and only the link be cut: then nothing is lost if it is back soon."""
    state.peers = {peer for peer in state.peers if peer.node != name}
    _heard_of(state, name)
    suspected_nodes.suspect(name, creation, state.os_pids.get(name, 0))
    if not suspected_nodes.is_awaited(name):
        _give_up(state, name)


def _give_up(state: SmState, name: str) -> None:
    told = LossAnnounced(name, suspected_nodes.SUSPECTED.pop(name).creation)
    flags.clear_node(name)
    gone = _of_node(state, name)
    for session in gone:
        _delete(state, session)
    held.give_back(name)
    alive = [name for name in (process.node(), *node.nodes()) if name != PARENT]
    lost_sessions.tell([s for s in gone if lost_sessions.responsible(s.jid.full, alive) == process.node()], told)


def _loss_announced(state: SmState, name: str, creation: int) -> None:
    """If the node lives its sessions are to say that they do; never before it was told that they do not."""
    if node.creation_of(name) == creation:
        net_kernel.send_name(name, NAME, _own_hello(state, lost=True))
    else:
        state.lost[name] = creation
