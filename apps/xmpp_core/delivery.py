"""delivery — which of a user's resources get a stanza, or what happens to it instead.

Way:      router → users → [decide] → c2s of each recipient, offline store, bounce, or local handler
RFC:      6121 §8.5 (rules for local users); the rows of TABLE are those of §8.5.4
Differs:  where the RFC leaves a choice: chat and normal go to the resource or resources of the highest
          priority; an unknown resource bounces normal and groupchat (a room learns that its occupant
          has gone) and drops headlines.

The rules know nothing of rosters and blocking: whoever may not send is refused before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from xmpp_core.jid import JID

# a resource, and the priority of its presence; None: connected, but not available
Resource = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Recipients:
    """To these resources, at least one."""

    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offline:
    """Nobody is there for it: it is kept (XEP-0160), or bounced where nothing keeps it."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """An error of this condition goes back to the sender."""

    condition: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Nothing happens, and nobody is told."""


@dataclass(frozen=True, slots=True)
class HandleLocally:
    """The server answers: for itself (domain) or in the user's name (account)."""


Decision = Recipients | Offline | Bounce | Discard | HandleLocally

OFFLINE, DROP, LOCAL = Offline(), Discard(), HandleLocally()
UNAVAILABLE, BAD_REQUEST = Bounce("service-unavailable"), Bounce("bad-request")


class Selection(Enum):
    """What a rule wants that depends on the resources."""

    DELIVER = "to the resource that is named"
    MOST_AVAILABLE = "to the highest non-negative priority"
    NON_NEGATIVE = "to every priority that is not negative"
    AVAILABLE = "to every available resource"
    AS_BARE = "as if sent to the bare JID"


_Cell = Decision | Selection


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """One kind of stanza. match and miss: a full JID, its resource is there or not. bare: the bare
    JID. empty: `bare` found nobody. no_account: there is no such account."""

    match: _Cell
    miss: _Cell
    bare: _Cell
    empty: Decision
    no_account: Decision


_PERSONAL = DeliveryRule(Selection.DELIVER, UNAVAILABLE, Selection.MOST_AVAILABLE, OFFLINE, UNAVAILABLE)
_NEWS = DeliveryRule(Selection.DELIVER, DROP, Selection.AVAILABLE, DROP, DROP)
_SUBSCRIPTION = DeliveryRule(LOCAL, LOCAL, LOCAL, LOCAL, DROP)
_REQUEST = DeliveryRule(Selection.DELIVER, UNAVAILABLE, LOCAL, LOCAL, UNAVAILABLE)
_ANSWER = DeliveryRule(Selection.DELIVER, DROP, LOCAL, LOCAL, DROP)

TABLE: dict[tuple[str, str], DeliveryRule] = {
    ("message", "normal"): _PERSONAL,
    ("message", "chat"): DeliveryRule(
        Selection.DELIVER, Selection.AS_BARE, Selection.MOST_AVAILABLE, OFFLINE, UNAVAILABLE
    ),
    ("message", "groupchat"): DeliveryRule(Selection.DELIVER, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
    ("message", "headline"): DeliveryRule(Selection.DELIVER, DROP, Selection.NON_NEGATIVE, DROP, UNAVAILABLE),
    ("message", "error"): DeliveryRule(Selection.DELIVER, DROP, DROP, DROP, DROP),
    ("presence", ""): _NEWS,
    ("presence", "unavailable"): _NEWS,
    ("presence", "error"): _NEWS,
    ("presence", "subscribe"): _SUBSCRIPTION,
    ("presence", "subscribed"): _SUBSCRIPTION,
    ("presence", "unsubscribe"): _SUBSCRIPTION,
    ("presence", "unsubscribed"): _SUBSCRIPTION,
    ("presence", "probe"): DeliveryRule(LOCAL, LOCAL, LOCAL, LOCAL, LOCAL),
    ("iq", "get"): _REQUEST,
    ("iq", "set"): _REQUEST,
    ("iq", "result"): _ANSWER,
    ("iq", "error"): _ANSWER,
}


def decide(kind: str, type_: str, to: JID, resources: Sequence[Resource], exists: bool = True) -> Decision:
    """What becomes of a stanza to a local user or to the domain itself.

    kind: "message", "presence" or "iq". type_: its type; "" counts as normal for a message and
    available for presence, and so does an unknown one for a message. resources: the user's
    sessions. exists: whether there is such an account. Unknown types of presence and IQ are
    bad-request.
    """
    if not to.local:
        return _to_domain(kind, type_)
    row = TABLE.get((kind, type_)) or (_PERSONAL if kind == "message" else None)
    if row is None:
        return BAD_REQUEST
    if not exists:
        return row.no_account
    if not to.resource:
        return _bare(row, resources)
    wanted = to.resource
    for name, _ in resources:
        if name == wanted:
            return Recipients((name,)) if row.match is Selection.DELIVER else _decided(row.match)
    return _bare(row, resources) if row.miss is Selection.AS_BARE else _decided(row.miss)


def _to_domain(kind: str, type_: str) -> Decision:
    """§8.1 to §8.4 leave the server's own address to the server; an error for nobody ends here."""
    return DROP if type_ == "error" and kind != "iq" else LOCAL


def _bare(row: DeliveryRule, resources: Sequence[Resource]) -> Decision:
    if row.bare is Selection.MOST_AVAILABLE:
        chosen = _most_available(resources)
    elif row.bare is Selection.NON_NEGATIVE:
        chosen = tuple([name for name, priority in resources if priority is not None and priority >= 0])
    elif row.bare is Selection.AVAILABLE:
        chosen = tuple([name for name, priority in resources if priority is not None])
    else:
        return _decided(row.bare)
    return Recipients(chosen) if chosen else row.empty


def _most_available(resources: Sequence[Resource]) -> tuple[str, ...]:
    best = 0
    chosen: list[str] = []
    for name, priority in resources:
        if priority is None or priority < best:
            continue
        if priority > best:
            best, chosen = priority, []
        chosen.append(name)
    return tuple(chosen)


def _decided(cell: _Cell) -> Decision:
    assert not isinstance(cell, Selection)
    return cell
