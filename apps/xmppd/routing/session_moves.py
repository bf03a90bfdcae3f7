"""session_moves — makes a session a value, and a session of the value in another process.

Way:      c2s → [save] → SavedSession → [reopened] → c2s of another worker, or of another life of this one
OTP:      code_change, between two processes
Process:  runs in the c2s that has the session, and in the one that is to have it
XEP:      0198 §5
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from otp.erts.pid import Pid
from xmppd.routing import hooks
from xmppd.routing.moving_hook_points import SessionSavedHook
from xmppd.routing.saved_session import SavedSession
from xmppd.routing.session import C2sSession, new_session, shared

_VERSIONS: Final = "versions"


async def save(session: C2sSession, *, whole: bool = True) -> SavedSession:
    """The session as it is now. `whole`: with what is not acknowledged; else with what cannot be found elsewhere."""
    return _saved(session, await hooks.run_fold(session.host, SessionSavedHook(session, whole), {}))


def save_now(session: C2sSession) -> SavedSession | None:
    """As save, not whole, without waiting; None where that cannot be done now."""
    empty: dict[str, Any] = {}
    states = hooks.begin_fold(session.host, SessionSavedHook(session, whole=False), empty)
    if isinstance(states, Coroutine):
        states.close()
        return None
    return _saved(session, states) if isinstance(states, dict) else None


def _saved(session: C2sSession, states: dict[str, Any]) -> SavedSession:
    versions = session.module_states.get(_VERSIONS)
    row = session.entry
    return SavedSession(
        row.jid,
        row.stream_id,
        row.sid,
        session.lang,
        session.safe,
        row.info,
        row.client,
        row.priority,
        row.interested,
        row.published,
        states | {_VERSIONS: dict(versions)} if versions else states,
    )


def reopened(saved: SavedSession, pid: Pid, info: dict[str, str] | None = None, *, attached: bool = True) -> C2sSession:
    """The session of the process `pid` that goes on as the saved one; `info` of its connection, None: of the old one.

    Modules get their states by SessionRestoredHook, once it is in the table.
    """
    known = dict(saved.info) if info is None else info
    session = new_session(saved.jid, pid, lang=saved.lang, info=known, safe=saved.safe, client=saved.client)
    session.follow_sid(saved.sid)
    published = shared(*[(name, value) for name, value in saved.published])
    session.change(
        priority=saved.priority,
        interested=saved.interested,
        published=published,
        attached=attached,
        stream_id=saved.stream_id,
    )
    versions = saved.states.get(_VERSIONS)
    if versions:
        session.module_states[_VERSIONS] = dict(versions)
    return session
