"""transitions — one change of a roster, with all that it means for the contact's own roster if that is ours too.

What one side routes the other receives: both are moved in ONE transaction, so that a crash cannot leave half a
subscription. What is to be done comes back as steps in the order the RFC demands, and is done after the commit.

Way:  mod_roster → store.transaction(transitions.…) → [transitions] → steps → perform
RFC:  6121 §3, Appendix A (the transitions themselves: xmpp_core.subscription)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from xmpp_core import subscription
from xmpp_core.jid import JID
from xmpp_core.subscription import AutoReply, Effect, Item, Probe, Route, SendPresence, SubscriptionEvent
from xmppd import crash_points
from xmppd.auth.tables import ACCOUNT
from xmppd.mods.roster import records
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.mods.roster.totals import ROOM, RosterLimits, TooMany
from xmppd.store.backend import Tx

_SENT = frozenset(subscription.sent(kind) for kind in subscription.KINDS)


class NotThere(Exception):
    """The contact to remove is not in the roster."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An effect of our own: the sessions of the owner are to know of the new subscription."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do for `owner` about `contact` (bare JIDs); `record` is what is stored by then."""

    owner: JID
    contact: JID
    effect: Effect | Changed
    record: RosterItem


@dataclass(slots=True)
class Change:
    """What goes through one transaction: which accounts are local, the client's stanza (as text to keep), limits, the
    clock.

    `replies`: (who receives it, from whom, what) of answers that a server of ours gives in a user's name; they
    come after all that the stanza itself asks for.
    """

    tx: Tx
    hosts: frozenset[str]
    now: int
    pending: str = field(default="", repr=False)
    room: RosterLimits = ROOM
    replies: list[tuple[JID, JID, SubscriptionEvent]] = field(default_factory=list)

    def is_ours(self, jid: JID) -> bool:
        """Whether the roster of `jid` is in this store."""
        return jid.domain in self.hosts and self.tx.read(ACCOUNT, (jid.domain, jid.local)) is not None


def event(change: Change, owner: JID, contact: JID, what: SubscriptionEvent) -> list[Step]:
    """The owner sends, or is sent, a subscription stanza. Raises TooMany for what is sent."""
    if what in _SENT:  # and waits at the contact
        steps = _move(change, owner, contact, lambda item: subscription.apply(item, what))
    else:
        steps = _received(
            change, owner, contact, what, change.pending if what is SubscriptionEvent.RECEIVE_SUBSCRIBE else ""
        )
    return steps + _answers(change)


def edit(change: Change, owner: JID, contact: JID, name: str, groups: tuple[str, ...]) -> list[Step]:
    """The owner's client adds or renames a contact."""
    return _move(change, owner, contact, lambda item: subscription.edit(item, name, groups))


def remove(change: Change, owner: JID, contact: JID) -> list[Step]:
    """The owner's client removes a contact. Raises NotThere."""
    record = change.tx.read(ROSTER, records.key(owner, contact))
    if record is None or not record.listed:
        raise NotThere(contact.bare)
    return _move(change, owner, contact, subscription.remove) + _answers(change)


def remove_all(change: Change, owner: JID, contacts: Iterable[JID]) -> list[Step]:
    """The owner's account ends: every subscription, either way, is taken back."""
    steps = [step for contact in contacts for step in _move(change, owner, contact, subscription.remove)]
    return steps + _answers(change)


def _answers(change: Change) -> list[Step]:
    steps: list[Step] = []
    while change.replies:
        owner, contact, what = change.replies.pop(0)
        steps += _received(change, owner, contact, what)
    return steps


def _move(
    change: Change,
    owner: JID,
    contact: JID,
    function: Callable[[Item], tuple[Item, tuple[Effect, ...]]],
    pending: str = "",
    room: RosterLimits | None = None,
) -> list[Step]:
    before = records.load(change.tx, owner, contact)
    item = records.item_of(before)
    after, effects = function(item)
    record = records.save(change.tx, before, after, pending, change.now, room or change.room.for_owner())
    steps: list[Step] = []
    for effect in effects:
        steps += _expand(change, owner, contact, effect, record)
    if item.subscription != after.subscription:
        steps.insert(_before_presence(steps, owner), Step(owner, contact, Changed(), record))
    return steps


def _before_presence(steps: list[Step], owner: JID) -> int:
    """Sessions send the presence that SendPresence asks for when they hear of the change: so it stands there."""
    for i, step in enumerate(steps):
        if isinstance(step.effect, SendPresence) and step.owner == owner:
            return i
    return len(steps)


def _expand(change: Change, owner: JID, contact: JID, effect: Effect, record: RosterItem) -> list[Step]:
    """An effect, or what it amounts to when the contact's roster is ours as well."""
    if not isinstance(effect, (Route, AutoReply, Probe)) or not change.is_ours(contact):
        return [Step(owner, contact, effect, record)]
    if isinstance(effect, Probe):
        return []  # the contact's sessions send their presence of themselves: they hear of the same change
    what = subscription.received(effect.kind)
    if isinstance(effect, AutoReply):
        change.replies.append((contact, owner, what))
        return []
    crash_points.reach("roster.between_rosters")
    return _received(change, contact, owner, what, change.pending if effect.kind == "subscribe" else "")


def _received(change: Change, owner: JID, contact: JID, what: SubscriptionEvent, pending: str = "") -> list[Step]:
    try:
        room = change.room.for_others()
        return _move(change, owner, contact, lambda item: subscription.apply(item, what), pending, room)
    except TooMany:
        return []  # no more requests than there is room for; the sender is told nothing
