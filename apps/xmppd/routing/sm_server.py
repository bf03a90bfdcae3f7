"""sm_server — keeps the session table of this node equal to that of every other.

OTP:      gen_server; cf. ejabberd_sm and mongoose_session with Mnesia's ram_copies
Way:      sm.open_session … → [sm_server] → ets table "sessions" here, Put and Drop to the sm of every other node
Process:  `sm`, one per node, permanent, under xmppd.sup; readers never ask it (sm.py)
Differs:  newest wins: of two sessions with one full JID the greater sid stays, on whichever node, and every node
          decides the same. After a crash the table is made again from what the c2s processes of this node
          have noted (OWN) and from the other nodes; no session is dropped, and readers wait for READY
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
from xmppd.routing import sm_cut, sm_lost, sm_marks, wire  # noqa: F401 - wire: for what it registers
from xmppd.routing.deliver import Announce, Kick, Replaced
from xmppd.routing.session import C2sSession, Session
from xmppd.routing.sm_marks import Mark, Marked, Unmark
from xmppd.routing.sm_messages import Change, Close, Drop, GiveUp, Heard, Hello, Open, Put, Rows, Told

TABLE: Final = "sessions"
#: the node of the parent process: it is in the mesh and has no sessions
PARENT: Final = "main"
NAME: Final = "sm"
READY: Final = ""  # a key that is no account: the table has heard of all nodes that were there
_PATIENCE = 1.0  # seconds that readers wait for nodes that do not answer

#: what the c2s processes of this node have open; each writes its own entry, before it asks sm
OWN: Final[dict[Pid, C2sSession]] = {}


@dataclass(slots=True)
class State:
    """`watched`: monitored c2s processes; `peers`: sm processes of other nodes, `awaited` those who have not said
    Hello since our start (by node); `most`: sessions an account may have; `os_pids`: of the other nodes; `lost`: those
    whose sessions we gave up though they ran, and their creation then; `told`: processes of `watched` that have been
    told to go, there being too many.
    """

    table: ets.Table[str, Rows]
    most: int
    watched: dict[Pid, Session] = field(default_factory=dict)
    peers: set[Pid] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    os_pids: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    told: set[Pid] = field(default_factory=set)


class Sm(GenServer[State]):
    """See the head of this file; its one argument is the number of sessions an account may have."""

    def init(self, most: int) -> Any:
        """Make the table again from what is known, ask the other nodes."""
        state = State(ets.new(TABLE), most)
        sm_cut.CUT.clear()
        sm_marks.clear()
        state.awaited = {name for name, _ in node.monitor_nodes() if name != PARENT}
        for _pid, own in list(OWN.items()):
            _insert(state, own.entry)
            _watch(state, own.entry)  # one that died meanwhile gives a Down at once
        for name in state.awaited:
            net_kernel.send_name(name, NAME, _own_hello(state))
        process.send_after(_PATIENCE, process.self_(), GiveUp())
        _note_ready(state)
        return state

    def handle_call(self, request: object, from_: Any, state: State) -> Any:
        """Sessions of this node."""
        match request:
            case Open(session):
                old = _open(state, session)
                _tell_peers(state, Put(session))
                return Reply(old, state)
            case Change(session, answer) if _known(state, session):
                _insert(state, session)
                state.watched[session.pid] = session
                _tell_peers(state, Put(session, answer))
                return Reply(len(state.peers), state)
            case Close(session):
                return Reply(_close(state, session), state)
            case Mark():
                return Reply(sm_marks.mark(state.peers, request, answer=True), state)
        return Reply(None, state)

    def handle_cast(self, request: object, state: State) -> Any:
        """Marks of this node's processes that are over."""
        if isinstance(request, Unmark):
            sm_marks.unmark(state.peers, request)
        return NoReply(state)

    def handle_info(self, message: object, state: State) -> Any:
        """Sessions of other nodes, and ends."""
        match message:
            case Put(session, answer):
                _put(state, session)
                _bound(state, session.bare)
                if answer:
                    process.send(session.pid, Heard(over=False))
            case Drop(session, ticket):
                if ticket:
                    sm_marks.note("leaving", session.bare, session.pid, ticket)
                _delete(state, session)
                process.send(session.pid, Heard(over=True))
            case Marked() | Unmark():
                sm_marks.heard(message)
            case Down(_, pid, _) if isinstance(pid, Pid):
                _down(state, pid)
            case Hello():
                _hello(state, message)
            case NodeUp(name, creation) if name != PARENT:
                _node_up(state, name, creation)
            case NodeDown(name, creation):
                _node_down(state, name, creation)
            case sm_cut.Look(name) if name in sm_cut.CUT and not sm_cut.is_awaited(name):
                _give_up(state, name)
            case Told(name, creation):
                _told(state, name, creation)
            case GiveUp():
                state.awaited.clear()
                _note_ready(state)
        return NoReply(state)


# --- the sessions of this node


def _open(state: State, session: Session) -> Session | None:
    old = next((s for s in _rows(state, session.bare) if s.jid == session.jid), None)
    if old is not None and old.sid > session.sid:
        process.send(session.pid, Replaced())
        return None
    if old is not None and old.pid is not session.pid:
        process.send(old.pid, Replaced())
        sm_marks.note("leaving", old.bare, old.pid)
    _insert(state, session)
    _watch(state, session)
    _bound(state, session.bare)
    return old if old is not None and old.pid is not session.pid else None


def _bound(state: State, bare: str) -> None:
    """Those beyond the newest `most` of an account have to go. Each node tells its own, once: one that was told is in
    the table until it has said its goodbyes, and does not stand for another."""
    rows = _rows(state, bare)
    if len(rows) <= state.most:
        return
    for old in sorted(rows, key=lambda s: s.sid)[: -state.most]:
        if old.pid in state.watched and old.pid not in state.told:
            state.told.add(old.pid)
            process.send(old.pid, Kick("policy-violation", "too many sessions of this account"))


def _watch(state: State, session: Session) -> None:
    if session.pid not in state.watched:
        process.monitor(session.pid)
    state.watched[session.pid] = session


def _close(state: State, session: Session) -> int:
    """It leaves in order: marked before it is out of the table, here and, with one message, on every other node."""
    mark = Mark("leaving", session.bare, session.pid)
    if not _known(state, session):
        sm_marks.mark(state.peers, mark)  # a newer one has its place
    return _forget(state, session, sm_marks.note(mark.kind, mark.bare, mark.pid))


def _forget(state: State, session: Session, ticket: int = 0) -> int:
    """Returns how many nodes were told."""
    state.watched.pop(session.pid, None)
    state.told.discard(session.pid)
    OWN.pop(session.pid, None)
    if not _delete(state, session):
        return 0
    _tell_peers(state, Drop(session, ticket))
    return len(state.peers)


def _down(state: State, pid: Pid) -> None:
    state.peers.discard(pid)
    _heard_of(state, pid.node)
    session = state.watched.get(pid)
    for mark in sm_marks.of(pid):
        sm_marks.unmark(state.peers, mark)
    if session is None:
        return
    _tell_peers(state, Unmark("leaving", session.bare, pid))
    replaced = not _known(state, session)
    _forget(state, session)
    if not replaced:
        sm_lost.tell([session])


# --- rows


def _rows(state: State, bare: str) -> Rows:
    rows: Rows = state.table.get(bare, ())
    return rows


def _known(state: State, session: Session) -> bool:
    return any(s.sid == session.sid and s.jid == session.jid for s in _rows(state, session.bare))


def _insert(state: State, session: Session) -> None:
    rows = _rows(state, session.bare)
    if not rows:
        state.table[session.bare] = (session,)
        return
    rest = [s for s in rows if s.jid != session.jid]
    state.table[session.bare] = (*rest, session) if len(rest) == len(rows) else _swap(rows, session)


def _swap(rows: Rows, session: Session) -> Rows:
    return tuple([session if s.jid == session.jid else s for s in rows])


def _delete(state: State, session: Session) -> bool:
    rows = _rows(state, session.bare)
    left = tuple(s for s in rows if s.sid != session.sid or s.jid != session.jid)
    if left:
        state.table[session.bare] = left
    elif rows:
        del state.table[session.bare]
    return len(left) != len(rows)


# --- the other nodes


def _tell_peers(state: State, message: object) -> None:
    for peer in state.peers:
        process.send(peer, message)


def _put(state: State, session: Session) -> None:
    """A row of another node. Of two with one full JID the newer stays; ours is told if it is the older."""
    old = next((s for s in _rows(state, session.bare) if s.jid == session.jid), None)
    if old is None or old.sid == session.sid:
        _insert(state, session)
    elif old.sid < session.sid:
        _insert(state, session)
        sm_marks.note("leaving", old.bare, old.pid)
        if old.pid.node == process.node():
            process.send(old.pid, Replaced())
    elif old.pid.node == process.node():
        process.send(session.pid, Replaced())


def _own_hello(state: State, lost: bool = False) -> Hello:
    own = tuple([s for s in state.watched.values() if _known(state, s)])
    return Hello(process.self_(), own, os.getpid(), lost)


def _hello(state: State, hello: Hello) -> None:
    peer = hello.pid
    if peer not in state.peers:
        state.peers.add(peer)
        process.monitor(peer)
        process.send(peer, _own_hello(state))
        for mark in sm_marks.known():
            process.send(peer, mark)
    state.os_pids[peer.node] = hello.os_pid
    said = {s.sid for s in hello.sessions}
    gone = [session for session in _of_node(state, peer.node) if session.sid not in said]
    for session in gone:
        _delete(state, session)
    for session in hello.sessions:
        _put(state, session)
        _bound(state, session.bare)
    if sm_cut.CUT.pop(peer.node, None) is not None:
        sm_lost.tell(gone)  # they said goodbye while it could not be heard here
    if hello.lost:
        for pid in state.watched:
            process.send(pid, Announce())
    _heard_of(state, peer.node)


def _heard_of(state: State, name: str) -> None:
    if name in state.awaited:
        state.awaited.discard(name)
        _note_ready(state)


def _note_ready(state: State) -> None:
    if not state.awaited and READY not in state.table:
        state.table[READY] = ()


def _of_node(state: State, name: str) -> list[Session]:
    return [s for _, rows in state.table.items() for s in rows if s.pid.node == name]


def _node_up(state: State, name: str, creation: int) -> None:
    cut = sm_cut.CUT.get(name)
    if cut is not None and cut.creation != creation:
        _give_up(state, name)
    lost = state.lost.pop(name, None) == creation
    net_kernel.send_name(name, NAME, _own_hello(state, lost))


def _node_down(state: State, name: str, creation: int) -> None:
    """Its process may live on and only the link be cut: then nothing is lost if it is back soon."""
    state.peers = {peer for peer in state.peers if peer.node != name}
    _heard_of(state, name)
    sm_cut.begin(name, creation, state.os_pids.get(name, 0))
    if not sm_cut.is_awaited(name):
        _give_up(state, name)


def _give_up(state: State, name: str) -> None:
    told = Told(name, sm_cut.CUT.pop(name).creation)
    sm_marks.drop_node(name)
    gone = _of_node(state, name)
    for session in gone:
        _delete(state, session)
    held.give_back(name)
    alive = [name for name in (process.node(), *node.nodes()) if name != PARENT]
    sm_lost.tell([s for s in gone if sm_lost.responsible(s.jid.full, alive) == process.node()], told)


def _told(state: State, name: str, creation: int) -> None:
    """If the node lives its sessions are to say that they do; never before it was told that they do not."""
    if node.creation_of(name) == creation:
        net_kernel.send_name(name, NAME, _own_hello(state, lost=True))
    else:
        state.lost[name] = creation
