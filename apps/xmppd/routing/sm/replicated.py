"""replicated — the directory for nodes of one machine: each has all rows, and a change waits for all of them.

Way:      sm → [ReplicatedDirectory] → session_table here → Upsert, Delete, FlagSet → session_table of every other node
          → Ack, FlagAck → the c2s, which waits for them here
OTP:      cf. a transaction of Mnesia on ram_copies
Process:  runs in the c2s that owns the session
"""

from __future__ import annotations

from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from otp.stdlib import gen_server
from xmppd.routing.session import Session
from xmppd.routing.sm import flags
from xmppd.routing.sm.flags import ClearFlag, FlagAck, FlagsCleared, SetFlag
from xmppd.routing.sm.messages import Ack, RegisterSession, UnregisterSession, UpdateSession
from xmppd.routing.sm.session_table import NAME, PEERS

#: seconds that a node which is stuck, or has just ended, is waited for
_PATIENCE = 2.0
_TRIES = 1000


class ReplicatedDirectory:
    """A Directory; it holds nothing."""

    async def open(self, session: Session) -> Session | None:
        """See Directory."""
        old: Session | None = await _ask(RegisterSession(session))
        return old

    async def change(self, session: Session, *, everywhere: bool = False) -> tuple[str, ...]:
        """See Directory."""
        told = await _ask(UpdateSession(session, everywhere))
        return await _acks(told if everywhere else 0, over=False)

    async def close(self, session: Session) -> None:
        """See Directory."""
        await _acks(await _ask(UnregisterSession(session)), over=True)

    async def settle(self, session: Session) -> None:
        """See Directory."""
        await _flag_acks(await _ask(SetFlag("settling", session.bare, session.pid)))

    def settled(self, session: Session) -> None:
        """See Directory."""
        gen_server.cast(NAME, ClearFlag("settling", session.bare, session.pid))

    def left(self, session: Session) -> None:
        """See Directory."""
        flags.clear_flag("leaving", session.bare, session.pid)
        if not PEERS:
            return
        have_left = _HAVE_LEFT.get(THIS.loop)
        if have_left is None:
            _HAVE_LEFT.clear()
            have_left = _HAVE_LEFT[THIS.loop] = []
            TIMERS.after(_GATHER, _tell_who_has_left)
        have_left.append((session.bare, session.pid))

    async def claim(self, session: Session) -> bool:
        """See Directory."""
        await _flag_acks(await _ask(SetFlag("fetching", session.bare, session.pid)))
        if flags.is_first(session.bare, session.pid):
            return True
        self.release(session)
        return False

    def release(self, session: Session) -> None:
        """See Directory."""
        gen_server.cast(NAME, ClearFlag("fetching", session.bare, session.pid))


#: seconds in which those who have left are gathered: fewer than flags.POLL, so nobody waits longer for it
_GATHER: Final = 0.002
#: sessions that have left just now, of which the other nodes hear in one message; a node of an earlier loop tells
#: nobody any more
_HAVE_LEFT: Final[dict[object, list[tuple[str, Pid]]]] = {}


def _tell_who_has_left() -> None:
    bares, pids = zip(*_HAVE_LEFT.pop(THIS.loop), strict=True)
    for peer in PEERS:  # by the links on which sm has set the flag, so it comes after that
        process.send(peer, FlagsCleared("leaving", bares, pids))


async def _flag_acks(nodes: int | None) -> None:
    for _ in range(nodes or 0):
        try:
            await process.receive(lambda m: type(m) is FlagAck, _PATIENCE)
        except ReceiveTimeout:
            return


async def _acks(nodes: int | None, *, over: bool) -> tuple[str, ...]:
    """Which of them have not settled what came before."""
    unsettled: tuple[str, ...] = ()
    for _ in range(nodes or 0):
        try:
            ack = await process.receive(lambda m: type(m) is Ack and m.over is over, _PATIENCE)
        except ReceiveTimeout:
            break
        if ack.unsettled:
            unsettled += (ack.unsettled,)
    return unsettled


async def _ask(request: object) -> Any:
    """A call that outlives a restart of sm: all its requests may be asked twice."""
    for _ in range(_TRIES):
        try:
            return await gen_server.call(NAME, request)
        except CallError as error:
            if error.why == "timeout":
                raise
            await process.sleep(0.005)
    raise LookupError("the session manager has not come back")
