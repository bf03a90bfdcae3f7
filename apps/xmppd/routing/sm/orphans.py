"""orphans — sessions whose process is gone and that may go on in another one: nobody overtakes them meanwhile.

Way:      lost_sessions → [orphans] → stream.adopter (Orphaned), which opens them again; users waits here (REROUTING)
OTP:      cf. a supervisor's restart of a child, between the exit and the new pid
Process:  one for all such sessions that are lost at once, on every node that saw them
Differs:  senders wait for at most PATIENCE; what is not back by then is lost (SessionLostHook)
XEP:      0198 §5
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.stdlib import ets
from xmppd.routing.session import Session
from xmppd.routing.sm.suspected_nodes import REROUTING

#: the registered name of the process that opens them again
ADOPTER: Final = "adopter"
#: the table of sessions, which session_table writes
TABLE: Final = "sessions"
#: seconds that senders wait for them
PATIENCE: Final = 2.0
_POLL: Final = 0.005
#: accounts (bare JIDs) with such sessions, each with the process that waits for them
ORPHANED: Final[dict[str, Pid]] = {}


@dataclass(frozen=True, slots=True)
class Orphaned:
    """To the adopter: sessions have lost their process."""


def may_return(session: Session) -> bool:
    """Whether another process may go on with it."""
    return bool(session.stream_id) and process.whereis(ADOPTER) is not None


def hold(sessions: Sequence[Session], waiter: Pid) -> None:
    """Senders to these accounts wait from now on, until `waiter` says otherwise (wait_until_back)."""
    for session in sessions:
        ORPHANED[session.bare] = REROUTING[session.bare] = waiter
    tell_adopter()


def tell_adopter() -> None:
    """Some sessions have no process any more."""
    adopter = process.whereis(ADOPTER)
    if adopter is not None:
        process.send(adopter, Orphaned())


async def wait_until_back(sessions: Sequence[Session]) -> list[Session]:
    """In the process that was named to `hold`: lets the senders to each account go on as soon as its sessions are back.
    Returns those that are not."""
    missing, until = list(sessions), CLOCK.monotonic() + PATIENCE
    try:
        while missing and CLOCK.monotonic() < until:
            await process.sleep(_POLL)
            back = {id(session) for session in missing if is_back(session)}
            missing = [session for session in missing if id(session) not in back]
            _let_go({session.bare for session in sessions} - {session.bare for session in missing})
    finally:
        _let_go({session.bare for session in sessions})
    return [session for session in missing if not is_back(session)]


def is_back(session: Session) -> bool:
    """Whether another process goes on with it."""
    return any(row.stream_id == session.stream_id and row.pid is not session.pid for row in _rows(session.bare))


def _rows(bare: str) -> tuple[Session, ...]:
    try:
        rows: tuple[Session, ...] = ets.lookup_table(TABLE).get(bare, ())
    except ets.NoSuchTable:
        return ()
    return rows


async def wait_for(bare: str) -> None:
    """Returns when the sessions of an account are back, or lost. Costs nothing if there are none such."""
    while bare in ORPHANED:
        await process.sleep(_POLL)


def rerouted(bare: str) -> None:
    """What another process has rerouted for this account is where it is to be: senders wait for its sessions still, if
    they are not back."""
    waiter = ORPHANED.get(bare)
    if waiter is None:
        REROUTING.pop(bare, None)
    else:
        REROUTING[bare] = waiter


def _let_go(bares: set[str]) -> None:
    me = process.self_()
    for bare in bares:
        if ORPHANED.get(bare) is me:
            del ORPHANED[bare]
            if REROUTING.get(bare) is me:
                del REROUTING[bare]
