"""sessions — who is connected, and sending them away; as a worker carries it out.

OTP:      cf. connected_users_info and kick_session of mod_admin_extra
Way:      admin.worker_commands → [sessions] → sm (its table is the same on every worker)
"""

from __future__ import annotations

from typing import Annotated, Any

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core.jid import JID
from xmppd import audit
from xmppd.admin.users import address, sessions_text
from xmppd.commands import Arg, CommandError, command
from xmppd.routing.account import access
from xmppd.routing.deliver import Kick
from xmppd.routing.session import Session
from xmppd.routing.sm import sm


@command(
    "session list", "who is connected", aliases=("connected_users",), none="nobody is connected", access="account"
)  # fmt: skip
async def list_(user: Annotated[JID | None, Arg("only this account", positional=True)] = None) -> list[dict[str, Any]]:
    """Return one dict per session: jid, node, state (attached; detached: it waits for its client), priority, since
    when, and what its c2s knows of it (ip, tls, mechanism)."""
    found = sm.all_sessions() if user is None else sm.sessions(user.bare)
    return [_row(session) for session in sorted(found, key=lambda s: s.jid.full)]


@command("session kick", "end sessions of an account", text=lambda done: f"{sessions_text(done['kicked'])} ended")
async def kick(
    user: Annotated[str, Arg("account or full JID")],
    reason: Annotated[str | None, Arg("words for the client")] = None,
) -> dict[str, Any]:
    """End all sessions of an account, or the one of a full JID. Gives {"kicked": how many}."""
    jid = address(user)
    found = [s for s in sm.sessions(jid.bare) if not jid.resource or s.jid.resource == jid.resource]
    if not found:
        raise CommandError(f"{user} is not connected")
    kick = Kick(text=reason) if reason else Kick()
    clients = {session.client for session in found} if jid.resource else {""}
    if clients != {""} or not jid.resource:  # a session whose client is not known is all that there is to take away
        for client in clients:
            await access.revoke(jid.bare_jid(), kick, client=client, sessions=())
    for session in found:
        process.send(session.pid, kick)
    why = audit.quoted(reason) if reason else ""
    audit.tell(audit.KICKED, f"operator ended {len(found)} sessions", audit.quoted(jid.full), why)
    return {"kicked": len(found)}


def _row(session: Session) -> dict[str, Any]:
    info = dict(session.info)
    return {
        "jid": session.jid.full,
        "node": session.pid.node,
        "state": "attached" if session.attached else "detached",
        "priority": session.priority,
        "seconds": max(0, round((CLOCK.time_ns() - session.sid[0]) / 1e9)),  # the clock may have been set back
        "ip": info.get("ip"),
        "tls": info.get("tls"),
        "mechanism": info.get("mechanism"),
        "pid": str(session.pid),
    }
