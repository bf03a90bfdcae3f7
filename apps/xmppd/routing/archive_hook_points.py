"""archive_hook_points — where modules ask an account's archive, and are told what its clients read there.

Way:      a module → hooks.run, hooks.run_fold → mod_mam; mod_mam → hooks.run → mod_offline
OTP:      see hook_points, where these would stand if there were not so many
XEP:      0313, 0386
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class ArchiveHeldHook(Fold["ArchiveHeldHook", frozenset[str]]):
    """Which of `ids`, given to messages by the archive of `owner` (an account's bare JID), it still has. Begins with
    none."""

    owner: JID
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ArchiveEndsHook(Fold["ArchiveEndsHook", Element | None]):
    """<metadata/> of the archive of `owner`: its first and its last message (XEP-0313 §5, 0386 §4). None: there is no
    archive."""

    owner: JID


@dataclass(frozen=True, slots=True)
class ArchiveReadHook(Run["ArchiveReadHook"]):
    """A client has been sent the messages with these ids of its account's archive. In its c2s."""

    session: C2sSession
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatchesUpHook(Run["CatchesUpHook"]):
    """The client reads in its archive what came while it was away (XEP-0386): what is kept to be handed over, and the
    archive has, is not for it. In its c2s, before its presence."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class RetentionHook(Fold["RetentionHook", float]):
    """For how many hours at most a host keeps what its users say and store; math.inf: until somebody takes it away.
    Begins with 0, and who keeps something returns what is longer: `max(acc, own)`."""

    host: str
