"""jids — the processes behind a JID, and the JID behind a process.

OTP:      cf. ejabberd_sm:get_session_pid
Way:      inspect.plugin → [jids] → the session table
Process:  none; loaded on workers
"""

from __future__ import annotations

from otp.erts.pid import Pid
from xmpp_core.jid import JID, JidError
from xmppd.auth import auth
from xmppd.routing import router
from xmppd.routing.sm import sm
from xmppd.store.backend import StoreError


def streams(word: str) -> list[Pid]:
    """The c2s processes of an account or of one resource, on all nodes; none for what is no JID."""
    try:
        jid = JID.parse(word)
    except JidError:
        return []
    return [s.pid for s in sm.sessions(jid.bare) if not jid.resource or s.jid.resource == jid.resource]


async def is_account(word: str) -> bool | None:
    """Whether there is such an account here; None for an address of another server."""
    try:
        jid = JID.parse(word)
        if not jid.local or jid.domain not in router.hosts():
            return None
        return await auth.user_exists(jid.local, jid.domain)
    except (JidError, StoreError):
        return None


def name(pid: Pid) -> str | None:
    """The full JID of a session of this node."""
    own = sm.session_of(pid)
    return own.jid.full if own is not None else None
