"""access — takes access to an account away: the one function for every way in which it is lost.

Way:      admin (password, disable, kick), mod_register, removal → [access.revoke] → AccessRevokedHook →
          modules (tokens, push, …); → Kick → c2s of every session, connected or not
Process:  runs in the caller
XEP:      0494 (revocation), 0484 §5 (tokens that are no longer trusted)
"""

from __future__ import annotations

from collections.abc import Collection

from otp.erts import process
from otp.erts.pid import Pid
from xmpp_core.jid import JID
from xmppd.routing import hooks
from xmppd.routing.deliver import Kick
from xmppd.routing.login_hook_points import AccessRevokedHook
from xmppd.routing.session import Session
from xmppd.routing.sm import sm


async def revoke(
    user: JID, kick: Kick, *, client: str = "", sessions: Collection[Session] | None = None, but: Pid | None = None
) -> int:
    """All that opens the account of a bare JID is void, and its sessions are told `kick`, those too that wait for their
    clients; `client`: only what is that client's. `sessions`: only these; `but`: one that goes on, whose user has asked
    for it. Returns how many were told.

    What was given out goes first: a session that ends comes back by nothing. Raises StoreError: try again.
    """
    await hooks.run(user.domain, AccessRevokedHook(user, client))
    found = sm.sessions(user.bare) if sessions is None else sessions
    ended = [row for row in found if row.pid is not but and client in ("", row.client)]
    for row in ended:
        process.send(row.pid, kick)
    return len(ended)
