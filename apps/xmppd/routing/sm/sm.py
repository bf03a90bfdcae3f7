"""sm — the sessions of every user, on all nodes: any process reads the table, the c2s that owns a session writes it.

OTP:      the API of the session manager; cf. ejabberd_sm.erl
Way:      users, mods → [sm] (which sessions); c2s at bind, presence and end → [sm] → directory
Process:  runs in the caller; reads the table, writes through the directory
RFC:      6120 §7 (one session per full JID), 6121 §4 (available, priority)
"""

from __future__ import annotations

import contextlib
from typing import Final, TypeVar

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import pace
from otp.stdlib import ets, gen_server
from otp.stdlib.child_spec import ChildSpec
from xmppd.routing import durability, unconfirmed
from xmppd.routing.published import Published
from xmppd.routing.session import C2sSession, Session
from xmppd.routing.sm import flags, suspected_nodes
from xmppd.routing.sm.directory import Directory
from xmppd.routing.sm.replicated import ReplicatedDirectory
from xmppd.routing.sm.session_table import NAME, OWN, PEERS, READY, TABLE, Sm, unsettled
from xmppd.routing.unconfirmed import COPIES

V = TypeVar("V")
MOST_SESSIONS = 10
#: characters of the id that a client gives itself; a UUID has 36
MOST_CLIENT_ID = 256
_FAREWELL = 2.0  # seconds that a new session waits for the one it replaces to close
_TRIES = 1000
#: how the nodes agree on their sessions
_DIRECTORY: Final[Directory] = ReplicatedDirectory()


async def start_link(most: int = MOST_SESSIONS) -> Pid | None:
    """Starts the session manager of this node; `most`: sessions an account may have, the oldest gives way."""
    return await gen_server.start_link(Sm, most, name=NAME)


def spec(most: int = MOST_SESSIONS) -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("sm", (start_link, (most,)))


# --- reading: in the caller, without a message


def sessions(bare: str) -> tuple[Session, ...]:
    """The sessions of an account (a bare JID as str) on all nodes, the oldest first; () while the table is rebuilt."""
    try:
        rows: tuple[Session, ...] = ets.lookup_table(TABLE).get(bare, ())
    except ets.NoSuchTable:
        return ()
    return rows


async def settled_sessions(bare: str) -> tuple[Session, ...]:
    """As sessions(), but waits for a table that is being rebuilt."""
    for _ in range(_TRIES):
        rows = sessions(bare)
        if rows or is_ready():
            return rows
        await process.sleep(0.005)
    return ()


async def reachable_sessions(bare: str, resource: str = "") -> tuple[Session, ...]:
    """As sessions(), but waits: for what is being rerouted; and, if one of them (or the one with this resource) is
    there, for a node that is cut off and may come back, or that does not keep up with what the running process sends.
    """
    while True:
        if suspected_nodes.REROUTING:
            await suspected_nodes.wait_for_rerouting(bare)
        for session in sessions(bare):
            if not resource or session.jid.resource == resource:
                await suspected_nodes.wait_until_decided(session.pid.node)
                await pace.turn(session.pid.node)
        if not suspected_nodes.is_rerouted(bare):  # it may have begun while the node was waited for
            return sessions(bare)


def is_ready() -> bool:
    """Whether the table is whole: a session that is not in it does not exist."""
    try:
        return READY in ets.lookup_table(TABLE)
    except ets.NoSuchTable:
        return False


def own_session() -> C2sSession | None:
    """The session of the running process, if it is a c2s with one."""
    return OWN.get(process.self_())


def session_of(pid: Pid) -> C2sSession | None:
    """The session of a c2s of this node, None for any other process."""
    return OWN.get(pid)


def sessions_here() -> list[Pid]:
    """The c2s processes of this node that have a session."""
    return list(OWN)


def other_nodes() -> set[str]:
    """The names of the other nodes that have sessions and a table of them."""
    return {peer.node for peer in PEERS}


def available(bare: str) -> list[Session]:
    """The sessions of an account that have sent initial presence."""
    return [s for s in sessions(bare) if s.priority is not None]


def interested(bare: str) -> list[Session]:
    """The sessions of an account that have asked for the roster (RFC 6121 §2.2)."""
    return [s for s in sessions(bare) if s.interested]


def all_sessions() -> list[Session]:
    """Every session of every node, for operators."""
    try:
        return [s for rows in ets.lookup_table(TABLE).values() for s in rows]
    except ets.NoSuchTable:
        return []


# --- writing: by the c2s that owns the session


async def open_session(session: C2sSession, *, farewell: bool = True) -> Pid | None:
    """Puts the session into the table of every node; a session with the same full JID is told Replaced.

    It is the newest of its account, whatever the clock says: a session that binds now comes after all that are known
    here. Returns when the replaced one has closed, or after two seconds: what comes after is for the new one. Without
    `farewell` it returns before, and says who that is: the replaced one sends on what has come for it, to this one,
    which is to take it.
    """
    session.follow(sessions(session.entry.bare))
    OWN[session.pid] = session
    old = await _DIRECTORY.open(session.entry)
    if old is None:
        return None
    if farewell:
        await _farewell(old.pid)
    return old.pid


async def _farewell(pid: Pid) -> None:
    ref = process.monitor(pid)
    try:
        await process.receive(lambda m: isinstance(m, Down) and m.ref is ref, _FAREWELL)
    except ReceiveTimeout:
        process.demonitor(ref, flush=True)


async def set_presence(session: C2sSession, priority: int | None) -> tuple[str, ...]:
    """The resource is available with this priority, or not available (None).

    When one that was not available is, or can be reached by the bare JID from now on, every node knows before this
    returns: of two that come at the same moment on different nodes the later finds the earlier, so that each sees the
    other. The result are the nodes at which what was sent to the account before may be under way still.
    """
    before = session.entry.priority
    if before != priority:
        came = before is None or (before < 0 and priority is not None and priority >= 0)
        there = await _DIRECTORY.change(session.change(priority=priority), everywhere=came)
        if came and (here := unsettled(session.entry.bare)):
            return (*there, here)
        return there
    return ()


async def set_interested(session: C2sSession) -> None:
    """The resource has asked for the roster and gets pushes from now on, from every node."""
    if not session.entry.interested:
        await _DIRECTORY.change(session.change(interested=True), everywhere=True)


async def set_attached(session: C2sSession, attached: bool, info: dict[str, str] | None = None) -> None:
    """A connection carries the session again, of which `info` is known, or none does and it waits to be resumed."""
    if session.entry.attached != attached or info is not None:
        await _DIRECTORY.change(session.change(attached=attached, info=info))


async def set_stream_id(session: C2sSession, stream_id: str) -> None:
    """The client acknowledges what it gets, under this id of its stream (XEP-0198); "": not any more."""
    if session.entry.stream_id != stream_id:
        await _DIRECTORY.change(session.change(stream_id=stream_id), everywhere=True)


async def set_client(session: C2sSession, client: str) -> None:
    """Which of the user's clients it is (the id that its user agent gives itself): every node knows when this returns.
    To be called in its c2s; at SessionOpenedHook at the latest nobody has seen it otherwise.

    Raises ValueError if the id is longer than MOST_CLIENT_ID.
    """
    if len(client) > MOST_CLIENT_ID:
        raise ValueError("a client's id is too long")
    if session.entry.client != client:
        await _DIRECTORY.change(session.change(client=client), everywhere=True)


async def publish(session: C2sSession, what: Published[V], value: V) -> None:
    """Publishes a value of the session until it ends; when this returns every node knows it. Call it in its c2s.

    Raises ValueError if the value is too large (xmppd.routing.published).
    """
    if what.of(session.entry) != value:
        pairs = what.pairs(session.entry, value)
        await _DIRECTORY.change(session.change(published=pairs), everywhere=True)


async def close_session(session: C2sSession, *, goes_on: bool = False) -> None:
    """Takes the session out of every node's table; the c2s then sends on what is in its mailbox, and calls
    `finish_leaving`.

    When this returns everything that was sent to the session is in its mailbox, and nothing will come after it. Until
    `finish_leaving` those who have more for the account wait, so that it does not overtake that.

    The end of a stream acknowledges what it carried: that is stored when this returns. A session that `goes_on` in
    another process has acknowledged what it says itself, and waits for nothing: senders wait for it, and what it has
    sent may be behind theirs.
    """
    if goes_on:
        session.seen_to_by = durability.leave_all()
    else:
        durability.leave_copies()
        with contextlib.suppress(CallError):
            await durability.flush()
    OWN.pop(session.pid, None)
    unconfirmed.begin()  # what it sends on is safe before it has left
    await _DIRECTORY.close(session.entry)


async def finish_leaving(session: C2sSession, *, moved: bool) -> None:
    """What came too late for the session has been sent on, or given to a writer: senders with more for the account may
    go on. With `moved`, it has come to where it went, or is written, before they do; and this returns when it is safe
    there. Nobody waits for that who may be waited for: a session that it was given to may be sending itself."""
    if not moved:
        _DIRECTORY.left(session.entry)
        return
    try:
        await durability.until_written(process.self_())
        await _DIRECTORY.settle(session.entry)
        _DIRECTORY.left(session.entry)
        await durability.flush()
    except CallError:  # it may not stay where it went: copies are routed anew, as if this had been killed
        if process.self_() in COPIES:
            return
        _DIRECTORY.left(session.entry)
    _DIRECTORY.settled(session.entry)


async def claim(session: C2sSession) -> bool:
    """Whether this session alone hands over what is stored for its account, from now until `release` or its end."""
    return await _DIRECTORY.claim(session.entry)


async def claimant_has_left(session: C2sSession) -> bool:
    """Whether the claim was that of sessions that were leaving, and are done: waits for them, at most flags.GRACE."""
    bare = session.entry.bare
    there = {row.pid for row in sessions(bare)}
    leaving = [pid for pid in flags.FETCHING.get(bare, ()) if pid not in there]
    until = CLOCK.monotonic() + flags.GRACE
    while any(pid in flags.FETCHING.get(bare, ()) for pid in leaving) and CLOCK.monotonic() < until:
        await process.sleep(flags.POLL)
    return bool(leaving)


def release(session: C2sSession) -> None:
    """Others may hand over what is stored."""
    _DIRECTORY.release(session.entry)


def receiver_of_stored(bare: str, *, but: Pid | None = None) -> Pid | None:
    """The session that is to have what is stored for the account: the one that is handing it over already, else the
    most available."""
    fetching = [(ticket, str(pid), pid) for pid, ticket in flags.FETCHING.get(bare, {}).items() if pid is not but]
    if fetching:
        return min(fetching)[2]
    found = [s for s in sessions(bare) if s.priority is not None and s.priority >= 0 and s.pid is not but]
    return max(found, key=lambda s: s.priority or 0).pid if found else None
