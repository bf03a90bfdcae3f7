"""c2s_moves — a session goes on in another process: given to another worker, put by for after a restart, adopted.

    surrender   another worker's stream resumes the session: it gets all that this process knows, then all that comes
    put_by      the server goes down: the session is on disk, and nobody is told that it has gone
    adopt       the process that had the session is no more: this one waits for its client instead

Way:      stream.c2s → [c2s_moves] → routing.session_moves, sm, hooks
OTP:      cf. the resume of mod_stream_mgmt between two c2s processes, and their migration in a cluster
Process:  runs in the c2s
XEP:      0198 §5
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final, TypeGuard

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.stdlib import gen
from xmpp_core.errors import StreamError
from xmpp_core.stream_events import ResumeTimeout
from xmpp_core.stream_state import StateName, StreamState
from xmppd.routing import durability, hooks, redeliver, unconfirmed
from xmppd.routing.deliver import Deliver, DeliverIfNewer, HandedOn, Replaced, RosterItemChanged
from xmppd.routing.durability import Sync
from xmppd.routing.hook_points import ConnectionLostHook
from xmppd.routing.moving_hook_points import SessionMovedHook, SessionPutByHook
from xmppd.routing.saved_session import Orphan, SavedSession
from xmppd.routing.session import C2sSession
from xmppd.routing.session_moves import reopened
from xmppd.routing.sm import sm
from xmppd.stream import c2s_session, driver
from xmppd.stream.c2s_session import C2sData

#: seconds that a session waits for the process which it has been given to
PATIENCE: Final = 10.0
#: seconds in which what its client has said becomes safe, so that it is told of all of it where it goes on
MOST: Final = 1.0
#: likewise, when the server goes down
LAST: Final = 0.3


@dataclass(frozen=True, slots=True)
class Adoption:
    """To the c2s itself: it goes on with this session, whose process is no more; `back` is told Adopted."""

    orphan: Orphan
    back: Pid


@dataclass(frozen=True, slots=True)
class Adopted:
    """The session is in the table."""

    pid: Pid


async def detached(data: C2sData, session: C2sSession) -> bool:
    """The connection is lost: whether the session waits for another one. It does then."""
    if not hooks.wanted(session.host, ConnectionLostHook):
        return False
    seconds = await hooks.run_fold(session.host, ConnectionLostHook(session), 0.0)
    if seconds <= 0 or data.state != StateName.SESSION_ESTABLISHED:
        return False
    driver.detach(data)
    await sm.set_attached(session, False)
    data.timer = process.send_after(seconds, process.self_(), ResumeTimeout())
    return True


# --- from here to another process


async def given_away(data: C2sData, session: C2sSession, to: Pid) -> bool:
    """Another process has the session as a value: waits for its row, then sends on to it all that has come since and
    comes still, in its order. False: it has ended before, and the session stays."""
    ref = process.monitor(to)
    try:
        message = await process.receive(
            lambda m: type(m) is Replaced or (isinstance(m, Down) and m.ref is ref), PATIENCE
        )
    except ReceiveTimeout:
        return False
    finally:
        process.demonitor(ref, flush=True)
    if type(message) is not Replaced:
        return False
    await _hand_on(data, session, to)
    return True


async def _hand_on(data: C2sData, session: C2sSession, to: Pid) -> None:
    data.session = session.stream = data.counter = None
    await hooks.run(session.host, SessionMovedHook(session))
    await c2s_session.until_handed_on(data)
    held = list(session.hold.queue) if session.hold is not None else []
    await sm.close_session(session, goes_on=True)
    try:
        for message in (*held, *await process.flush()):
            if type(message) in (Deliver, DeliverIfNewer, RosterItemChanged):
                if type(message) is Deliver:
                    # finish_leaving waits until it is safe there
                    unconfirmed.keep(to, message, stream_id=session.entry.stream_id)
                process.send(to, message)
        process.send(to, HandedOn())
        await redeliver.home_moved(session)
    finally:
        await sm.finish_leaving(session, moved=True)


# --- from here to the disk


async def put_by(data: C2sData, session: C2sSession) -> bool:
    """The server goes down: whether the session is on disk, with all that has come for it, and out of the table without
    a word. Raises what the store raises."""
    if data.state == StateName.SESSION_ESTABLISHED:
        if not hooks.wanted(session.host, ConnectionLostHook):
            return False
        if await hooks.run_fold(session.host, ConnectionLostHook(session), 0.0) <= 0:
            return False
    elif data.state != StateName.WAIT_FOR_RESUME:
        return False
    await c2s_session.until_handed_on(data)
    await _take_what_waits(data, session)
    if not await hooks.run_fold(session.host, SessionPutByHook(session), False):
        return False
    await sm.close_session(session, goes_on=True)
    await _take_what_waits(data, session)
    await hooks.run_fold(session.host, SessionPutByHook(session), False)
    if session.seen_to_by is not None and await _becomes_safe(session.seen_to_by):
        await hooks.run_fold(session.host, SessionPutByHook(session), False)  # its client is told of all of it
    data.session = session.stream = data.counter = None
    await sm.finish_leaving(session, moved=False)
    return True


async def _becomes_safe(seen_to_by: Pid) -> bool:
    """Whether what the client has said is safe in time. Others end as well, and want to know the same of what they have
    said to this session: that is on disk."""
    ref, until = process.monitor(seen_to_by), CLOCK.monotonic() + LAST
    with contextlib.suppress(ReceiveTimeout):
        while True:
            left = max(until - CLOCK.monotonic(), 0.0)
            message = await process.receive(lambda m: _asks(m) or (isinstance(m, Down) and m.ref is ref), left)
            if not _asks(message):
                break
            gen.reply(message.from_, None)
    process.demonitor(ref, flush=True)
    return durability.is_safe(seen_to_by)


def _asks(message: object) -> TypeGuard[gen.Call]:
    """Whether a sender wants to know that what it has sent to the session is safe."""
    return isinstance(message, gen.Call) and isinstance(message.request, Sync)


async def _take_what_waits(data: C2sData, session: C2sSession) -> None:
    """What is held, and what is in the mailbox, is counted and kept as if it were written."""
    held, session.hold = session.hold, None
    for message in held.queue if held is not None else ():
        data.send(message.stanza, message.context, message.others)
    before = -1
    while before != (before := process.message_queue_len()):
        with contextlib.suppress(StreamError):  # of a client that does not read
            await c2s_session.catch_up(data)


# --- from elsewhere to here


def state_of(saved: SavedSession) -> StreamState:
    """A stream that waits for the client of the session."""
    jid = saved.jid
    return StreamState(StateName.WAIT_FOR_RESUME, saved.safe, host=jid.domain, username=jid.local, jid=jid)


async def adopt(data: C2sData, message: Adoption) -> None:
    """The session is this process's, and in the table; contacts have seen nothing."""
    saved = message.orphan.saved
    session = reopened(saved, process.self_(), attached=False)
    data.lang = saved.lang
    await c2s_session.take_over(data, session, saved, whole=False)
    data.timer = process.send_after(message.orphan.seconds, process.self_(), ResumeTimeout())
    process.send(message.back, Adopted(process.self_()))
