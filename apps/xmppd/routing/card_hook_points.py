"""card_hook_points — where modules hear of the cards of accounts, and change them; see hook_points.

OTP:      cf. the hook vcard_set and the handlers of mod_vcard_xupdate and mod_avatar in ejabberd
Way:      mod_vcard → hooks.run → modules that keep something else in step with cards; these → hooks.run_fold →
          mod_vcard
XEP:      0054, 0398
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Fold, Run


@dataclass(frozen=True, slots=True)
class CardWrittenHook(Run["CardWrittenHook"]):
    """The card (vcard-temp) of `owner`, an account, is another now. In the process of whoever wrote it, after the
    commit and before the answer. `photo_before`: the hash of the picture that it had before, "" without one.
    `by_server`: by code of the server (CardChangeHook)."""

    owner: JID
    card: Element
    photo_before: str = ""
    by_server: bool = False


@dataclass(frozen=True, slots=True)
class CardChangeHook(Fold["CardChangeHook", bool]):
    """Changes the card of `owner`, an account, in one transaction: `change` gets the card, an empty one where there is
    none, and returns it as it is to be, or None to leave it. It does nothing but that: it may be called again.

    The accumulator begins False; True: the card is as `change` wants it. Raises StanzaError not-acceptable: too large.
    """

    owner: JID
    change: Callable[[Element], Element | None]


@dataclass(frozen=True, slots=True)
class CardReadHook(Fold["CardReadHook", Element | None]):
    """The card (vcard-temp) of `owner`, an account, as everybody may read it; begins with None: there is none."""

    owner: JID
