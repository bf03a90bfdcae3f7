"""lost_sessions — tells the modules, on exactly one node, of sessions that ended without closing.

Way:      session_table (a c2s was killed, a node died) → [lost_sessions] → SessionLostHook, in a process of its own;
          orphans: those that may go on in another process are told of only if they do not
OTP:      cf. ejabberd_sm's clean_session_list and mongoose_hooks:session_cleanup
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from xmppd.routing import hooks
from xmppd.routing.hook_points import SessionLostHook
from xmppd.routing.session import Session
from xmppd.routing.sm import orphans

_SHARE = 20
Ours = Callable[[Session], bool]


def tell(sessions: Sequence[Session], then: object = None, ours: Ours = lambda session: True) -> None:
    """Fires SessionLostHook for those of which `ours` is true, in fresh processes, so that the session manager never
    waits for a store. Senders to those that may return wait, whoever tells of their loss.

    The running process is sent `then`, if it is not None, when all has been told.
    """
    held = [session for session in sessions if orphans.may_return(session)]
    lost = [session for session in sessions if ours(session) and not orphans.may_return(session)]
    waiter = None
    if held:
        waiter = process.spawn(_tell_unless_back, held, ours)
        orphans.hold(held, waiter)
    if lost or then is not None:
        process.spawn(_tell, lost, process.self_(), then, waiter)


async def _tell_unless_back(sessions: Sequence[Session], ours: Ours) -> None:
    for session in await orphans.wait_until_back(sessions):
        if ours(session):
            await hooks.run(session.jid.domain, SessionLostHook(session))


async def _tell(sessions: Sequence[Session], back: Pid, then: object, waiter: Pid | None) -> None:
    for number, session in enumerate(sessions, 1):
        await hooks.run(session.jid.domain, SessionLostHook(session))
        if number % _SHARE == 0:
            await process.sleep(0)  # a whole node's sessions: the living come first
    if then is not None:
        if waiter is not None:
            ref = process.monitor(waiter)
            await process.receive(lambda m: isinstance(m, Down) and m.ref is ref)
        process.send(back, then)
