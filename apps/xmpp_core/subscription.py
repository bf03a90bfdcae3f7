"""subscription — who sees whose presence: the roster's state for one contact, and what changes it.

The nine states of RFC 6121 are the product of two axes of three states: `out` (I to the contact)
and `in_` (the contact to me). A stanza moves one axis, looking at that axis only: 24 transitions.
What has to be done about a transition comes back as values, in the order the RFC demands.

Way:      mod_roster → [apply, remove, edit] → (item to store, effects to carry out)
RFC:      6121 §3, Appendix A; §2.5 (removal), §3.4 (pre-approval)
Differs:  removal also withdraws what is pending (without that the other side waits for ever), and
          available presence that nobody asked for is answered (on_available): rosters that crossing
          stanzas left unequal heal.

    item, effects = apply(Item(), Event.SEND_SUBSCRIBE)      # effects == (Route("subscribe"), Push())
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar


class Out(StrEnum):
    """I to the contact: nothing, asked for, or granted."""

    NONE = "none"
    ASK = "ask"
    TO = "to"


class In(StrEnum):
    """The contact to me: nothing, waiting for my answer, or granted."""

    NONE = "none"
    PEND = "pend"
    FROM = "from"


class SubscriptionEvent(StrEnum):
    """A subscription stanza, and which way it goes."""

    SEND_SUBSCRIBE = "out subscribe"
    SEND_UNSUBSCRIBE = "out unsubscribe"
    SEND_SUBSCRIBED = "out subscribed"
    SEND_UNSUBSCRIBED = "out unsubscribed"
    RECEIVE_SUBSCRIBE = "in subscribe"
    RECEIVE_UNSUBSCRIBE = "in unsubscribe"
    RECEIVE_SUBSCRIBED = "in subscribed"
    RECEIVE_UNSUBSCRIBED = "in unsubscribed"

    @property
    def kind(self) -> str:
        """The presence type."""
        return self.value.partition(" ")[2]

    @property
    def is_sent(self) -> bool:
        """True if it comes from our own user."""
        return self.value.startswith("out ")


KINDS = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")


def sent(kind: str) -> SubscriptionEvent:
    """Our user sends presence of this type. ValueError for types that are no subscription."""
    return SubscriptionEvent(f"out {kind}")


def received(kind: str) -> SubscriptionEvent:
    """Presence of this type comes in for our user. ValueError for types that are no subscription."""
    return SubscriptionEvent(f"in {kind}")


@dataclass(frozen=True, slots=True)
class Item:
    """What one user's roster knows of one contact.

    listed: the contact is in the roster the client sees; a bare request (pend) does not list it.
    """

    name: str = field(default="", repr=False)
    groups: tuple[str, ...] = field(default=(), repr=False)
    out: Out = Out.NONE
    in_: In = In.NONE
    approved: bool = False
    listed: bool = False

    @property
    def subscription(self) -> str:
        """What the client is told: none, to, from or both."""
        if self.out is Out.TO:
            return "both" if self.in_ is In.FROM else "to"
        return "from" if self.in_ is In.FROM else "none"

    @property
    def ask(self) -> str | None:
        """What the client is told of a request of its own: "subscribe", or None."""
        return "subscribe" if self.out is Out.ASK else None

    @property
    def visible(self) -> tuple[str, str | None, bool] | None:
        """(subscription, ask, approved) as the roster shows them; None: not in the roster."""
        return (self.subscription, self.ask, self.approved) if self.listed else None


# effects, to be carried out in order


@dataclass(frozen=True, slots=True)
class Route:
    """The user's stanza goes to the contact, bare JID to bare JID."""

    kind: str


@dataclass(frozen=True, slots=True)
class ShowToOwner:
    """The contact's stanza goes to the user: subscribe to the available resources (kept until it is
    answered), the others to the interested ones."""

    kind: str


@dataclass(frozen=True, slots=True)
class AutoReply:
    """The server answers the contact in the user's name, bare JID to bare JID."""

    kind: str


@dataclass(frozen=True, slots=True)
class Push:
    """Roster push of the item to the interested resources."""

    removed: bool = False


@dataclass(frozen=True, slots=True)
class SendPresence:
    """The presence of each available resource goes to the contact."""


@dataclass(frozen=True, slots=True)
class SendUnavailable:
    """`unavailable` from each available resource goes to the contact."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The user's server asks for the contact's presence."""


Effect = Route | ShowToOwner | AutoReply | Push | SendPresence | SendUnavailable | Probe


Axis = TypeVar("Axis", Out, In)


@dataclass(frozen=True, slots=True)
class Move(Generic[Axis]):
    """One transition of an axis. passes: the stanza is routed (sent) or delivered (received).
    approved: the flag afterwards, None: as it was."""

    to: Axis
    passes: bool
    reply: str | None = None
    approved: bool | None = None


OUT_AXIS: dict[tuple[SubscriptionEvent, Out], Move[Out]] = {
    (SubscriptionEvent.SEND_SUBSCRIBE, Out.NONE): Move(Out.ASK, True),
    (SubscriptionEvent.SEND_SUBSCRIBE, Out.ASK): Move(Out.ASK, True),
    (SubscriptionEvent.SEND_SUBSCRIBE, Out.TO): Move(Out.TO, True),
    (SubscriptionEvent.SEND_UNSUBSCRIBE, Out.NONE): Move(Out.NONE, True),
    (SubscriptionEvent.SEND_UNSUBSCRIBE, Out.ASK): Move(Out.NONE, True),
    (SubscriptionEvent.SEND_UNSUBSCRIBE, Out.TO): Move(Out.NONE, True),
    (SubscriptionEvent.RECEIVE_SUBSCRIBED, Out.NONE): Move(Out.NONE, False),
    (SubscriptionEvent.RECEIVE_SUBSCRIBED, Out.ASK): Move(Out.TO, True),
    (SubscriptionEvent.RECEIVE_SUBSCRIBED, Out.TO): Move(Out.TO, False),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBED, Out.NONE): Move(Out.NONE, False),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBED, Out.ASK): Move(Out.NONE, True),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBED, Out.TO): Move(Out.NONE, True),
}

IN_AXIS: dict[tuple[SubscriptionEvent, In], Move[In]] = {
    (SubscriptionEvent.RECEIVE_SUBSCRIBE, In.NONE): Move(In.PEND, True),
    (SubscriptionEvent.RECEIVE_SUBSCRIBE, In.PEND): Move(In.PEND, False),
    (SubscriptionEvent.RECEIVE_SUBSCRIBE, In.FROM): Move(In.FROM, False, reply="subscribed"),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBE, In.NONE): Move(In.NONE, False),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBE, In.PEND): Move(In.NONE, True, reply="unsubscribed"),
    (SubscriptionEvent.RECEIVE_UNSUBSCRIBE, In.FROM): Move(In.NONE, True, reply="unsubscribed"),
    (SubscriptionEvent.SEND_SUBSCRIBED, In.NONE): Move(In.NONE, False, approved=True),
    (SubscriptionEvent.SEND_SUBSCRIBED, In.PEND): Move(In.FROM, True),
    (SubscriptionEvent.SEND_SUBSCRIBED, In.FROM): Move(In.FROM, False),
    (SubscriptionEvent.SEND_UNSUBSCRIBED, In.NONE): Move(In.NONE, False, approved=False),
    (SubscriptionEvent.SEND_UNSUBSCRIBED, In.PEND): Move(In.NONE, True, approved=False),
    (SubscriptionEvent.SEND_UNSUBSCRIBED, In.FROM): Move(In.NONE, True, approved=False),
}

# §3.4.2: a contact approved in advance need not wait, and the client need not be asked
APPROVED_SUBSCRIBE = Move(In.FROM, False, reply="subscribed")


def apply(item: Item, event: SubscriptionEvent) -> tuple[Item, tuple[Effect, ...]]:
    """The item after event, and what is to be done, in order. Defined for every state and event."""
    out_move = OUT_AXIS.get((event, item.out))
    if out_move is not None:
        moved = Item(item.name, item.groups, out_move.to, item.in_, item.approved, item.listed)
        return _effects(item, moved, event, out_move.passes, None)
    move = _in_move(item, event)
    approved = item.approved if move.approved is None else move.approved
    moved = Item(item.name, item.groups, item.out, move.to, approved, item.listed)
    return _effects(item, moved, event, move.passes, move.reply)


def remove(item: Item) -> tuple[Item, tuple[Effect, ...]]:
    """The user takes the contact out of the roster: both ways end, pending or not (§2.5)."""
    effects: list[Effect] = []
    if item.out is not Out.NONE:
        effects.append(Route("unsubscribe"))
    if item.in_ is In.FROM:
        effects.append(SendUnavailable())
    if item.in_ is not In.NONE:
        effects.append(Route("unsubscribed"))
    effects.append(Push(removed=True))
    return Item(), tuple(effects)


def edit(item: Item, name: str, groups: tuple[str, ...]) -> tuple[Item, tuple[Effect, ...]]:
    """Roster set by the client: name and groups only; the rest is managed by presence (§2.3, §2.4)."""
    return Item(name, groups, item.out, item.in_, item.approved, listed=True), (Push(),)


def on_login(item: Item) -> tuple[Effect, ...]:
    """At a resource's initial presence: the unanswered request of the contact is shown (§3.1.3), our
    own is sent again (§3.1.2)."""
    effects: list[Effect] = []
    if item.in_ is In.PEND:
        effects.append(ShowToOwner("subscribe"))
    if item.out is Out.ASK:
        effects.append(Route("subscribe"))
    return tuple(effects)


def on_probe(item: Item) -> tuple[Effect, ...]:
    """The contact's server asks for presence: told, or told that it may not know (§4.3.2)."""
    if item.in_ is In.FROM:
        return (SendPresence(),)
    return () if item.in_ is In.PEND else (AutoReply("unsubscribed"),)


def on_available(item: Item) -> tuple[Effect, ...]:
    """Available presence came from the contact to the bare JID: if we never asked for it, the other
    side still believes that we did, and is told that we do not."""
    return (AutoReply("unsubscribe"),) if item.out is Out.NONE else ()


def _in_move(item: Item, event: SubscriptionEvent) -> Move[In]:
    if event is SubscriptionEvent.RECEIVE_SUBSCRIBE and item.approved and item.in_ is In.NONE:
        return APPROVED_SUBSCRIBE
    return IN_AXIS[event, item.in_]


def _lists(item: Item) -> bool:
    """Whether the state alone puts the contact into the roster."""
    return item.out is not Out.NONE or item.in_ is In.FROM or item.approved


def _effects(
    before: Item, moved: Item, event: SubscriptionEvent, passes: bool, reply: str | None
) -> tuple[Item, tuple[Effect, ...]]:
    """§3.1.5, §3.1.6, §3.2.2, §3.2.3, §3.3.3: the stanza before the push, unavailable before
    unsubscribed, subscribed before presence."""
    after = moved if before.listed or not _lists(moved) else replace(moved, listed=True)
    push = (before.visible != after.visible, Push())
    loses = (before.in_ is In.FROM and after.in_ is not In.FROM, SendUnavailable())
    gains = (after.in_ is In.FROM and before.in_ is not In.FROM, SendPresence())
    wishes: list[tuple[bool, Effect]]
    if event.is_sent:
        wishes = [loses, (passes, Route(event.kind)), push, gains]
    else:
        probe = (after.out is Out.TO and before.out is not Out.TO, Probe())
        answer = (reply is not None, AutoReply(reply or ""))
        wishes = [(passes, ShowToOwner(event.kind)), push, loses, answer, probe, gains]
    return after, tuple([effect for due, effect in wishes if due])


def table() -> str:
    """The 24 transitions as a Markdown table, for the documents; * marks what is routed or delivered."""
    lines = ["| stanza | axis | none | ask, pend | to, from |", "| --- | --- | --- | --- | --- |"]
    axes: list[
        tuple[str, dict[tuple[SubscriptionEvent, Out], Move[Out]] | dict[tuple[SubscriptionEvent, In], Move[In]]]
    ]
    axes = [("out", OUT_AXIS), ("in", IN_AXIS)]
    for axis, moves in axes:
        rows: dict[SubscriptionEvent, list[str]] = {}
        for (event, _), move in moves.items():
            rows.setdefault(event, []).append(_cell(move))
        lines += [f"| {event} | {axis} | {' | '.join(cells)} |" for event, cells in rows.items()]
    return "\n".join(lines) + "\n"


def _cell(move: Move[Out] | Move[In]) -> str:
    flags = {True: ", approves", False: ", clears approval", None: ""}[move.approved]
    reply = f", replies {move.reply}" if move.reply else ""
    return f"{move.to}{'*' if move.passes else ''}{reply}{flags}"
