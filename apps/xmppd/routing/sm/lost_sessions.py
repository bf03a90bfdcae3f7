"""lost_sessions — tells the modules, on exactly one node, of sessions that ended without closing.

Way:      session_table (a c2s was killed, a node died) → [lost_sessions] → SessionLostHook, in a process of its own
OTP:      cf. ejabberd_sm's clean_session_list and mongoose_hooks:session_cleanup
"""

from __future__ import annotations

from collections.abc import Sequence

from otp.erts import process
from otp.erts.pid import Pid
from xmppd.routing import hooks
from xmppd.routing.hook_points import SessionLostHook
from xmppd.routing.session import Session

_SHARE = 20


def tell(sessions: Sequence[Session], then: object = None) -> None:
    """Fires SessionLostHook for each, in one fresh process, so that the session manager never waits for a store.

    The running process is sent `then`, if it is not None, when all has been told.
    """
    if sessions or then is not None:
        process.spawn(_tell, tuple(sessions), process.self_(), then)


async def _tell(sessions: tuple[Session, ...], back: Pid, then: object) -> None:
    for number, session in enumerate(sessions, 1):
        await hooks.run(session.jid.domain, SessionLostHook(session))
        if number % _SHARE == 0:
            await process.sleep(0)  # a whole node's sessions: the living come first
    if then is not None:
        process.send(back, then)
