"""moving_hook_points — the hook points of a session that goes on in another process than before; see hook_points.

OTP:      cf. c2s_session_resumed, c2s_copy_session of ejabberd
Way:      session_moves, c2s_moves, adopter → hooks.run or hooks.run_fold → handlers
XEP:      0198 §5
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.saved_session import Orphan
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class OrphanedSessionsHook(Fold["OrphanedSessionsHook", tuple[Orphan, ...]]):
    """Processes of sessions are gone: those of a node that died, of a server that begins again, or single ones. In the
    adopter of each node. The result: the sessions of this host that this node is to go on with, each of them on one
    node only. What is appended to `afterwards` is called once they are in the table."""

    host: str
    afterwards: list[Callable[[], None]]


@dataclass(frozen=True, slots=True)
class SessionSavedHook(Fold["SessionSavedHook", dict[str, Any]]):
    """A session is made a value, to go on in another process (saved_session). In its c2s, between two stanzas. A module
    whose state is to be found again returns the dict with it under its own name, made of types that cross between
    nodes. `whole`: the old process gives the session away at once; else what lies in tables need not be said again."""

    session: C2sSession
    whole: bool = True


@dataclass(frozen=True, slots=True)
class SessionRestoredHook(Run["SessionRestoredHook"]):
    """A session goes on in another process than before, and stands in the table. In its new c2s, before any stanza
    for it is looked at; `states` is what SessionSavedHook returned in the old one. `whole`: that has given the session
    away just now, with its queue; else it is the last that was written down of it, and of the queue only what had to be
    safe is there."""

    session: C2sSession
    states: dict[str, Any]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class SessionMovedHook(Run["SessionMovedHook"]):
    """A session goes on in the c2s of another worker: from now on it is that one's, and this process, its old c2s, only
    sends on what still comes for it, and ends. Nobody is told that the session has gone, for it has not."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class SessionPutByHook(Fold["SessionPutByHook", bool]):
    """The process of a session ends, and the session is to be found again by another, or after a restart. In its c2s,
    once before it is out of the table and once after that. True: all of it is on disk. False: nobody keeps it, and it
    ends."""

    session: C2sSession
