"""hook_points — every place where a module can take part, each a typed value.

OTP:  cf. the hook names of ejabberd_hooks and mongoose_hooks; a hook point is a class, so that a search for its
      name finds all callers that fire it and all handlers. The suffix tells `OfflineMessageHook` from the record
Way:  c2s, packets, users, lost_sessions, mods → hooks.run(host, point) or hooks.run_fold(host, point, acc) → handlers
Process: handlers run in the process that fires the hook, lower `seq` first; one that crashes is logged and skipped

A `Fold[P, A]` carries an accumulator of type A from handler to handler, a `Run[P]` only tells; `Stop(value)` ends both.
A point names itself as P: so a type checker knows from the class in `@on(Point)` what its handlers are called with.
`NEEDED` points are those whose result others take for the truth (who may see whom, who keeps a message): there nobody
is skipped, what a handler raises goes to the caller that fired the hook, and so to the sender as a stanza error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing.context import Context
from xmppd.routing.hook_kinds import Fold, OnTheWay, PresenceOnTheWay, Run
from xmppd.routing.session import C2sSession, Session

if TYPE_CHECKING:
    from xmppd.routing.account.account import LiveAccount


# --- the way of a client's own stanzas ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserSendPacketHook(Fold["UserSendPacketHook", Stanza | None]):
    """A client sent a stanza; `from_` and `to` are set. In its c2s, before any handling. None drops it."""

    GROUP = OnTheWay
    session: C2sSession


@dataclass(frozen=True, slots=True)
class UserSendPresenceHook(Fold["UserSendPresenceHook", Presence | None]):
    """After UserSendPacketHook, for presence only. In the c2s. None says that it is dealt with; the rest is routed."""

    NEEDED = True
    session: C2sSession


@dataclass(frozen=True, slots=True)
class UserReceivePacketHook(Fold["UserReceivePacketHook", Stanza | None]):
    """A stanza is about to be written to a client. In its c2s. None drops it. `context`: what is known of it."""

    session: C2sSession
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class UserReceivePresenceHook(Fold["UserReceivePresenceHook", Presence | None]):
    """Before UserReceivePacketHook, for presence only (probes, errors). In the c2s. None drops it."""

    session: C2sSession


# --- the life of a session ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpenedHook(Run["SessionOpenedHook"]):
    """A resource was bound and stands in the session table. In its c2s, before the client hears of it."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class SessionRedeliverHook(Fold["SessionRedeliverHook", bool]):
    """A session that ends in order is out of the table. What was written to its client, and has not come as far as is
    known, is sent on now: it is older than what is on its way to the session, which follows. In its c2s. `clean`: the
    client itself has closed its stream.

    The result: whether something went elsewhere.
    """

    session: C2sSession
    clean: bool = False


@dataclass(frozen=True, slots=True)
class SessionLeavingHook(Fold["SessionLeavingHook", bool]):
    """A session that ends in order is out of the table, and what was on its way to it has been sent on. In its c2s.

    Senders who have more for the account wait until this is over. The result: whether something went elsewhere.
    """

    session: C2sSession


@dataclass(frozen=True, slots=True)
class SessionClosedHook(Run["SessionClosedHook"]):
    """A session ends in order. In its c2s, after sm.close_session; modules say goodbye here."""

    session: C2sSession
    reason: str = "normal"


@dataclass(frozen=True, slots=True)
class SessionLostHook(Run["SessionLostHook"]):
    """A session ended without a word (its c2s was killed, or its whole node died).

    In a process of its own on exactly one node; `session` is the last that the table knew.
    """

    session: Session


@dataclass(frozen=True, slots=True)
class ConnectionLostHook(Fold["ConnectionLostHook", float]):
    """The connection of an open session is gone without a word. In its c2s. The result: seconds that the session waits
    to be resumed, longer than 0 if a module wants it to go on; it begins with 0, the end of the session."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class HibernationHook(Fold["HibernationHook", float]):
    """A session begins to wait for its client. In its c2s. The result: for how many seconds; who has a reason to wait
    longer than the configuration says (the client is to be woken) returns more."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class MayResumeHook(Run["MayResumeHook"]):
    """Another connection has come for a session by `nonza`. In its c2s, before anything is done. Who raises a
    StreamError refuses: it is said over that connection, and the session stays as it is."""

    NEEDED = True
    session: C2sSession
    nonza: Element


@dataclass(frozen=True, slots=True)
class SessionResumedHook(Run["SessionResumedHook"]):
    """A session goes on over another connection, which asked for it by `nonza`. In its c2s, before anything is written
    there: handlers answer first."""

    session: C2sSession
    nonza: Element


@dataclass(frozen=True, slots=True)
class SessionInfoHook(Run["SessionInfoHook"]):
    """The c2s got a message that is not its own business; modules pick what is theirs by type."""

    session: C2sSession
    message: object


@dataclass(frozen=True, slots=True)
class UserAvailableHook(Run["UserAvailableHook"]):
    """A resource has become available (its initial presence), and the session table says so. In its c2s."""

    session: C2sSession
    presence: Presence


@dataclass(frozen=True, slots=True)
class UserReachableHook(Run["UserReachableHook"]):
    """A resource's priority has gone from none or negative to 0 or more: time for stored messages. In its c2s."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class ResendSubscriptionsHook(Run["ResendSubscriptionsHook"]):
    """A resource has become available: what is pending is delivered to it and what is unanswered asked again."""

    session: C2sSession


@dataclass(frozen=True, slots=True)
class UserUnavailableHook(Run["UserUnavailableHook"]):
    """A resource is no longer available; `presence` is None if the session ended without one. In its c2s."""

    session: C2sSession
    presence: Presence | None = None


# --- stanzas of an account and for an account --------------------------------------------------------------------


class Stage(IntEnum):
    """The order of handlers at AccountSendsHook, AccountReceivesHook and AccountDeliversHook: their `seq`."""

    BLOCK = 10
    FILTER = 30
    MODULES = 50
    ARCHIVE = 70
    COPIES = 90


@dataclass(slots=True)  # one for each stanza: to freeze it costs more than to make it
class AccountSendsHook(Fold["AccountSendsHook", Stanza | None]):
    """A stanza that a client of `account` sends to somebody, before it goes to the router. At the account's home
    (routing.account.home), in the sender's c2s if that is this node. None: it goes no further. Not what a client asks
    its own account or server: that is answered in its c2s."""

    NEEDED = True
    GROUP = OnTheWay
    PRESENCE_GROUP = PresenceOnTheWay
    account: LiveAccount
    context: Context


@dataclass(slots=True)  # likewise
class AccountReceivesHook(Fold["AccountReceivesHook", Stanza | None]):
    """A stanza for `account`, whoever has sent it, before it is decided who gets it. At the account's home. None: it
    goes no further; a StanzaError is answered to the sender."""

    NEEDED = True
    GROUP = OnTheWay
    PRESENCE_GROUP = PresenceOnTheWay
    account: LiveAccount
    context: Context


@dataclass(slots=True)  # likewise
class AccountDeliversHook(Fold["AccountDeliversHook", tuple[Session, ...]]):
    """It is decided which sessions get `stanza`, a message for `account` that has been through AccountReceivesHook.
    At the account's home, just before it is sent to them: the time for copies to others. One that no session gets, such
    as where all have a negative priority, comes to OfflineMessageHook instead. A session that waits to be resumed
    (`attached` is False) is one of those that get it."""

    GROUP = OnTheWay
    account: LiveAccount
    context: Context
    stanza: Stanza


@dataclass(frozen=True, slots=True)
class AccountPresenceHook(Fold["AccountPresenceHook", Presence | None]):
    """Subscription presence or a probe addressed to a local account. In the sender's process.

    None says that it is dealt with; what is left goes to the available resources.
    """

    NEEDED = True
    owner: JID


@dataclass(frozen=True, slots=True)
class OfflineMessageHook(Fold["OfflineMessageHook", Message | None]):
    """A message for a local account that no resource can take now. In the sender's process.

    Who keeps it returns Stop(None), and nobody after that hears of it; what is left is answered with
    service-unavailable. `context.first_sent`: it has waited since then for a session that has ended.
    """

    NEEDED = True
    owner: JID
    context: Context


@dataclass(frozen=True, slots=True)
class MessageStoredHook(Run["MessageStoredHook"]):
    """A message of type chat or normal, with more in it than the state of a chat, that no session could take is kept:
    the time to wake devices, or to answer in the owner's name. In the process that gave it to be kept; whoever is over
    quota has it back in a moment all the same.
    """

    owner: JID
    message: Message
    context: Context


@dataclass(frozen=True, slots=True)
class MaySeePresenceHook(Fold["MaySeePresenceHook", bool]):
    """Whether `requester` may know if `owner`, a local account, is there. The accumulator starts False."""

    NEEDED = True
    owner: JID
    requester: JID


@dataclass(frozen=True, slots=True)
class LastSeenHook(Fold["LastSeenHook", int | None]):
    """When the last resource of `owner`, a local account, went (s since 1970); None: it is not known."""

    owner: JID


# --- the roster --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubscriptionListsHook(Fold["SubscriptionListsHook", tuple[set[str], set[str]]]):
    """Bare JIDs that see `owner` and that `owner` sees: (from or both, to or both). Handlers add to the sets."""

    NEEDED = True
    owner: JID


@dataclass(frozen=True, slots=True)
class IsContactHook(Fold["IsContactHook", bool]):
    """Whether `owner`, a local account, has `contact` (both bare) in its roster; `own`: only if the user has put it
    there. The accumulator starts False."""

    NEEDED = True
    owner: JID
    contact: JID
    own: bool = False


@dataclass(frozen=True, slots=True)
class RosterGetHook(Fold["RosterGetHook", tuple[Element, ...]]):
    """Items beyond the user's own (shared groups) for a roster get; the accumulator starts empty."""

    NEEDED = True
    owner: JID


# --- before a session is there -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamFeaturesHook(Fold["StreamFeaturesHook", tuple[Element, ...]]):
    """Features to announce. `user` is the authenticated bare JID, None before; `safe`: passwords may be sent, since the
    stream has TLS or its listener does without. In the c2s."""

    host: str
    user: JID | None = None
    safe: bool = False


@dataclass(frozen=True, slots=True)
class C2sUnauthenticatedIqHook(Fold["C2sUnauthenticatedIqHook", Iq | None]):
    """An IQ came before authentication; the accumulator is the answer, None if nobody has one. `safe` as in
    StreamFeaturesHook. In the c2s."""

    NEEDED = True
    host: str
    iq: Iq
    ip: str = ""
    safe: bool = False


@dataclass(frozen=True, slots=True)
class AuthResultHook(Run["AuthResultHook"]):
    """Somebody tried to log in. `user` is the localpart claimed. In the c2s."""

    host: str
    user: str
    mechanism: str
    ok: bool
    ip: str = ""


# --- accounts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountRemovedHook(Run["AccountRemovedHook"]):
    """An account is being removed (bare JID): modules forget what they keep of it.

    Before its password and its rows in their tables go, and before its sessions are told to end."""

    NEEDED = True
    user: JID


# --- service discovery -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiscoFeaturesHook(Fold["DiscoFeaturesHook", tuple[str, ...]]):
    """Features of `to` beyond those that follow from the IQ handlers. `to` is a host or an account (XEP-0030)."""

    to: JID
    from_: JID
    node: str = ""


@dataclass(frozen=True, slots=True)
class DiscoIdentitiesHook(Fold["DiscoIdentitiesHook", tuple[Element, ...]]):
    """`<identity/>` elements of `to`, and the forms that say more of it (XEP-0128), each with a FORM_TYPE of its own:
    what is no identity stands behind the features."""

    to: JID
    from_: JID
    node: str = ""


@dataclass(frozen=True, slots=True)
class DiscoItemsHook(Fold["DiscoItemsHook", tuple[Element, ...]]):
    """`<item/>` elements of `to`."""

    to: JID
    from_: JID
    node: str = ""
