"""private_hook_points — where modules take part in what accounts keep as private XML; see hook_points.

OTP:      cf. the use that ejabberd makes of mod_private for bookmarks
Way:      mod_private → hooks.run, hooks.run_fold → modules that keep the same thing elsewhere; these → hooks.run_fold →
          mod_private
XEP:      0049, 0402 §5.2
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Fold, Run


@dataclass(frozen=True, slots=True)
class PrivateSetHook(Run["PrivateSetHook"]):
    """`owner`, an account, is about to keep this element. In its c2s, before it is stored; who raises StanzaError
    refuses it, and nothing is stored."""

    NEEDED = True
    owner: JID
    element: Element


@dataclass(frozen=True, slots=True)
class PrivateGetHook(Fold["PrivateGetHook", str | None]):
    """`owner` asks for its element of this namespace and name. The accumulator is what is stored, as text, None if
    nothing is; the result is what is answered. In its c2s."""

    NEEDED = True
    owner: JID
    ns: str
    name: str


@dataclass(frozen=True, slots=True)
class PrivateStoredHook(Fold["PrivateStoredHook", str | None]):
    """What is stored of this namespace and name for `owner`, as text; begins with None."""

    owner: JID
    ns: str
    name: str
