"""login_hook_points — where modules take part in a login in one step (SASL2), and in the end of an account's access.

Way:      c2s_login → hooks.run_fold → handlers in mods; access.revoke → AccessRevokedHook → handlers in mods
Process:  handlers run in the process that fires the hook, as those of hook_points
XEP:      0388, 0386, 0484
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.session import C2sSession


class LoginFeatures(NamedTuple):
    """What may be asked for with a login: `inline` are elements in SASL2's <inline/>, as they are written; `bind` are
    the names in Bind 2's."""

    inline: tuple[str, ...] = ()
    bind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoginFeaturesHook(Fold["LoginFeaturesHook", LoginFeatures]):
    """The features before the login are written. In the c2s. A module that always offers the same declares
    LOGIN_FEATURES and BIND_FEATURES instead."""

    host: str
    channel_binding: bool = False


@dataclass(frozen=True, slots=True)
class GuestHook(Fold["GuestHook", str]):
    """Somebody without an account wants to be let in (SASL ANONYMOUS). In the c2s. The result is the local part of the
    address that the guest gets, of nobody else now or before; "", with which it begins: nobody is let in."""

    NEEDED = True
    host: str
    ip: str = ""


@dataclass(frozen=True, slots=True)
class TokensHook(Fold["TokensHook", tuple[bytes, ...]]):
    """A client logs in by a token: those that are good for it. `client` is the id of the user's client, "" if it has
    not said any. In the c2s."""

    user: JID
    client: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class LoginHook(Fold["LoginHook", tuple[Element, ...]]):
    """A login by SASL2 is right, nothing was bound or resumed yet. In the c2s. The result: what <success/> says beside.
    `request` is the <authenticate/>; `token` the one that it was done with, b"" for none."""

    user: JID
    client: str
    mechanism: str
    request: Element = field(repr=False)
    token: bytes = field(default=b"", repr=False)
    ip: str = ""


@dataclass(frozen=True, slots=True)
class BindInlineHook(Fold["BindInlineHook", tuple[Element, ...]]):
    """A client has bound a resource within its login. In the c2s: the session stands in the table, nothing was written
    yet. A module looks in `request`, the client's <bind/>, for what is its own, and does it; the result is what
    <bound/> says. XEP: 0386 §4"""

    session: C2sSession
    request: Element


@dataclass(frozen=True, slots=True)
class AccessRevokedHook(Run["AccessRevokedHook"]):
    """An account has lost its access, or one client of it (`client`, "" for all): whatever a module has given out that
    opens the account or acts for it is void from now on. In the process of who asked; sessions are told to end after.
    """

    NEEDED = True
    user: JID
    client: str = ""


@dataclass(frozen=True, slots=True)
class IsAdminHook(Fold["IsAdminHook", bool]):
    """Whether an account (bare JID) administers the server. The accumulator starts with what the configuration says."""

    NEEDED = True
    account: JID
