"""removal — removes an account, for every way in which that can be asked for.

Way:      mod_register, the commands of the control socket → [removal.remove] → AccountRemovedHook, access, auth
Process:  runs in the caller
XEP:      0077 §3.2 (the streams of a removed account are closed)
"""

from __future__ import annotations

from otp.erts import process
from xmpp_core.jid import JID
from xmppd.auth import auth
from xmppd.routing import hooks
from xmppd.routing.account import access, accounts
from xmppd.routing.deliver import Kick
from xmppd.routing.hook_points import AccountRemovedHook
from xmppd.routing.sm import sm

GONE = Kick("not-authorized", "the account was removed")


async def remove(user: JID, *, close: bool = True) -> bool:
    """Ends the account of a bare JID: contacts are told, its data deleted, its sessions closed (unless `close` is
    False: then the caller does that).

    False if there is none. Raises StoreError: then it may be tried again.
    """
    if not await auth.user_exists(user.local, user.domain):
        return False
    await hooks.run(user.domain, AccountRemovedHook(user))
    await access.revoke(user, GONE, sessions=())
    removed = await auth.remove_user(user.local, user.domain)
    await accounts.changed(user)
    if close:
        kick(user)
    return removed


def kick(user: JID) -> None:
    """Closes all sessions of an account that was removed."""
    for session in sm.sessions(user.bare):
        process.send(session.pid, GONE)
