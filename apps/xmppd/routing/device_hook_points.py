"""device_hook_points — where modules meet over one device of a user: what it has not got yet, whom it blocks.

Way:      mod_push → hooks.run_fold → mod_stream_management; mod_blocking → hooks.run → mod_reports
OTP:      see hook_points, where these would stand if there were not so many
XEP:      0198, 0357, 0191, 0377
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from xmpp_core.element import Element
from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.session import C2sSession

#: a message as it is written to a client's stream, and when it came first, in milliseconds since 1970
Unheard: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class UnacknowledgedHook(Fold["UnacknowledgedHook", tuple[Unheard, ...]]):
    """The messages, copies too, that are for a session's client and that it has not acknowledged, the oldest first; at
    most the last `most`. In its c2s. Begins with none."""

    session: C2sSession
    most: int


@dataclass(frozen=True, slots=True)
class BlockedHook(Run["BlockedHook"]):
    """A client has blocked somebody: the <item/>s of its request, whose addresses are right, with what it says of each.
    In its c2s, before it hears that it is done."""

    session: C2sSession
    items: tuple[Element, ...] = field(repr=False)
