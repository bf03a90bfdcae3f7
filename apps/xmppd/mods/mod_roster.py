"""mod_roster — the contact list, and who may see whom.

Way:  client → iq → [mod_roster]; client's subscription stanza → UserSendPresenceHook → [mod_roster]; from elsewhere
      → AccountPresenceHook → [mod_roster] → plan (one transaction for both sides) → perform
RFC:  6121 §2 (roster), §3 (subscriptions), §2.6 (versions), §3.4 (pre-approval)
XEP:  0237 (versions, now in the RFC)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from otp.erts.clock import CLOCK
from xmpp_core import ns, subscription
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Iq, Presence, make_presence
from xmpp_core.subscription import In, SendPresence
from xmppd.auth import auth
from xmppd.commands import Account, Arg, CommandError, command
from xmppd.config.schema import LimitsSection
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.roster import records, requests, roster_set, tables, transitions, view
from xmppd.mods.roster.perform import perform, show_again
from xmppd.mods.roster.tables import ROSTER
from xmppd.mods.roster.totals import ROOM, RosterLimits, TooMany
from xmppd.mods.roster.transitions import Change, NotThere, Step
from xmppd.routing import hooks, iq, router
from xmppd.routing.account import stages
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import (
    AccountPresenceHook,
    AccountRemovedHook,
    IsContactHook,
    MaySeePresenceHook,
    ResendSubscriptionsHook,
    RosterGetHook,
    SubscriptionListsHook,
    UserSendPresenceHook,
)
from xmppd.routing.hooks import Stop
from xmppd.routing.pubsub_hook_points import RosterGroupsHook
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Tx

XEP = {237: "1.3"}
MIGRATIONS = tables.MIGRATIONS
STREAM_FEATURES = (Element(ns.ROSTER_VER, "ver"), Element(ns.SUB_PREAPPROVAL, "sub"))
KINDS = frozenset(subscription.KINDS)


@dataclass(frozen=True)
class Options:
    """`max_items`: contacts in one roster, 0 for what [limits] roster_items says; `max_requests`: strangers' requests
    that wait for an answer, counted by themselves; `max_octets`: of a roster as it is sent, 0 for a quarter of what
    [limits] send_queue_bytes says.
    """

    max_items: int = 0
    max_requests: int = 500
    max_octets: int = 0
    max_name: int = 1023
    max_groups: int = 64


async def change(room: RosterLimits, pending: str, fn: Callable[[Change], list[Step]]) -> list[Step]:
    """Runs `fn` in one transaction; the steps it asks for, once it is on disk."""
    hosts, now = frozenset(router.hosts()), CLOCK.time_ns() // 1_000_000

    def transaction(tx: Tx) -> list[Step]:
        return fn(Change(tx, hosts, now, pending, room))

    return await store.transaction(transaction)


def _room(mod: Mod) -> RosterLimits:
    options, limits = mod.options, mod.config.limits if mod.config is not None else LimitsSection()
    return RosterLimits(
        options.max_items or limits.roster_items,
        options.max_requests,
        options.max_octets or limits.send_queue_bytes // 4,
    )


# --- the roster as the client manages it


@iq_handler(ns.ROSTER, "query", at=(iq.SM,), strangers="forbidden")
async def roster_iq(iq: Iq, mod: Mod) -> Iq | None:
    """Roster get and set, for the owner only."""
    assert iq.to is not None
    assert iq.from_ is not None
    owner = iq.to.bare_jid()
    if iq.from_.bare != owner.bare:
        raise StanzaError("forbidden", "this roster is another's")
    if iq.type == "get":
        return await _get(iq, owner)
    await _set(iq, owner, mod)
    return iq.result()


async def _get(iq: Iq, owner: JID) -> Iq:
    session = sm.own_session()
    if session is not None and iq.from_ == session.jid:
        await sm.set_interested(session)
    found = await view.of(owner)
    assert iq.payload is not None
    has = iq.payload.get("ver")
    shared = await hooks.run_fold(owner.domain, RosterGetHook(owner), ())
    if has is not None and has == str(found.version) and not shared:
        return iq.result()
    more = "".join([el.to_xml(ns.ROSTER) for el in shared])
    ver = f" ver='{found.version}'" if has is not None else ""
    return SerializedIq(iq, f"<query xmlns='{ns.ROSTER}'{ver}>{found.xml}{more}</query>")


async def _set(iq: Iq, owner: JID, mod: Mod) -> None:
    assert iq.payload is not None
    asked = roster_set.read(iq.payload, mod.options.max_name, mod.options.max_groups)
    if asked.contact.bare == owner.bare:
        raise StanzaError("not-allowed", "nobody is a contact of their own")
    try:
        if asked.remove:
            steps = await change(_room(mod), "", lambda c: transitions.remove(c, owner, asked.contact))
        else:
            steps = await change(
                _room(mod), "", lambda c: transitions.edit(c, owner, asked.contact, asked.name, asked.groups)
            )
    except NotThere:
        raise StanzaError("item-not-found") from None
    except TooMany:
        raise StanzaError("not-acceptable", "the roster is full") from None
    await perform(steps)


# --- subscriptions


@on(UserSendPresenceHook, seq=30)
def send_subscription(
    presence: Presence | None, point: UserSendPresenceHook, mod: Mod
) -> Presence | Awaitable[Stop[None]] | None:
    """Our user asks, grants, refuses or takes back; always between bare JIDs."""
    if presence is None or presence.type not in KINDS:
        return presence
    return _send_subscription(presence, point, mod)


async def _send_subscription(presence: Presence, point: UserSendPresenceHook, mod: Mod) -> Stop[None]:
    owner = point.session.user
    contact = presence.to.bare_jid() if presence.to is not None else owner
    if contact == owner:
        return Stop(None)
    stanza = await stages.consult(presence.addressed(from_=owner, to=contact))
    if isinstance(stanza, Presence):
        await _moved(mod, owner, contact, subscription.sent(presence.type), stanza)
    return Stop(None)


@on(AccountPresenceHook, seq=30)
async def receive_subscription(
    presence: Presence | None, point: AccountPresenceHook, mod: Mod
) -> Presence | Stop[None] | None:
    """A contact elsewhere does so towards our user."""
    if presence is None or presence.from_ is None:
        return presence
    if presence.type == "probe":
        return await _probed(presence, presence.from_, point.owner)
    owner, contact = point.owner, presence.from_.bare_jid()
    if presence.type in KINDS and contact != owner:
        stanza = presence.addressed(from_=contact, to=owner)
        await _moved(mod, owner, contact, subscription.received(presence.type), stanza)
    return Stop(None)


async def _probed(probe: Presence, from_: JID, owner: JID) -> Presence | Stop[None]:
    """Those who may not know are told so, or nothing while the owner has not decided; the rest is mod_presence's."""
    if from_.bare == owner.bare:
        return probe
    record = await store.read(ROSTER, records.key(owner, from_))
    effects = subscription.on_probe(records.item_of(record))
    if any(isinstance(effect, SendPresence) for effect in effects):
        return probe
    if await hooks.run_fold(owner.domain, MaySeePresenceHook(owner, from_), False):  # by another module
        return probe
    await perform([Step(owner, from_.bare_jid(), effect, records.blank(owner, from_)) for effect in effects])
    return Stop(None)


async def _moved(mod: Mod, owner: JID, contact: JID, event: subscription.SubscriptionEvent, stanza: Presence) -> None:
    """Stores the transition and does what follows. Raises StanzaError if nothing was stored."""
    pending = requests.to_text(stanza)
    try:
        steps = await change(_room(mod), pending, lambda c: transitions.event(c, owner, contact, event))
    except TooMany:
        raise StanzaError("not-acceptable", "the roster is full") from None
    await perform(steps, stanza)


@on(ResendSubscriptionsHook)
async def resend(point: ResendSubscriptionsHook, mod: Mod) -> None:
    """At a login: requests that wait are shown again, our own unanswered ones are sent again."""
    session, owner = point.session, point.session.user
    found = await view.of(owner)
    async for record in fairly(found.pending):
        show_again(session, record)
    async for record in fairly(found.asks):
        contact = JID.parse(record.contact)
        if contact.domain not in router.hosts():
            await router.route(make_presence(contact, type_="subscribe", from_=owner))
        else:
            await _ask_again(mod, owner, contact)


async def _ask_again(mod: Mod, owner: JID, contact: JID) -> None:
    """To a contact of ours only if it does not know of the request: an account made later, or made again."""
    record = await store.read(ROSTER, records.key(contact, owner))
    if records.item_of(record).in_ is not In.PEND:
        stanza = make_presence(contact, type_="subscribe", from_=owner)
        await _moved(mod, owner, contact, subscription.SubscriptionEvent.SEND_SUBSCRIBE, stanza)


# --- what others want to know of rosters


@on(SubscriptionListsHook)
async def subscription_lists(
    acc: tuple[set[str], set[str]], point: SubscriptionListsHook, mod: Mod
) -> tuple[set[str], set[str]]:
    """Who sees the owner, whom the owner sees."""
    found = await view.of(point.owner)
    return acc[0] | found.froms, acc[1] | found.tos


@on(MaySeePresenceHook)
async def may_see_presence(acc: bool, point: MaySeePresenceHook, mod: Mod) -> bool:
    """Contacts with `from` or `both`, and the owner."""
    if acc or point.requester.bare == point.owner.bare:
        return True
    record = await store.read(ROSTER, records.key(point.owner, point.requester))
    return record is not None and record.in_axis == In.FROM.value


@on(IsContactHook)
async def is_contact(acc: bool, point: IsContactHook, mod: Mod) -> bool:
    """Contacts that the owner has listed; a request alone makes none."""
    record = await store.read(ROSTER, records.key(point.owner, point.contact))
    return acc or (record is not None and record.listed)


@on(RosterGroupsHook)
async def groups_of(acc: frozenset[str], point: RosterGroupsHook, mod: Mod) -> frozenset[str]:
    """Those that the owner has put a contact in."""
    record = await store.read(ROSTER, records.key(point.owner, point.contact))
    return acc | frozenset(record.groups if record is not None and record.listed else ())


@on(AccountRemovedHook)
async def account_removed(point: AccountRemovedHook, mod: Mod) -> None:
    """Every subscription of the account is taken back, both ways, before its data goes."""
    stored = await store.select(ROSTER, (point.user.domain, point.user.local))
    contacts = [JID.parse(record.contact) for record in stored]
    await perform(await change(_room(mod), "", lambda c: transitions.remove_all(c, point.user, contacts)))


# --- the administrator's ways: the same events, nothing else


@command("roster list", "an account's contacts", none="no contacts")
async def list_contacts(owner: Account, mod: Mod) -> list[dict[str, object]]:
    """One object for each contact of an account, those that only ask to be one included (`pending`)."""
    if not await auth.user_exists(owner.local, owner.domain):
        raise CommandError(f"there is no account {owner}")
    return [records.row(record) for record in await store.select(ROSTER, (owner.domain, owner.local))]


@command(
    "roster add", "add a contact, and ask for its presence as the owner's client would",
    text=lambda done: f"{done['owner']} has added {done['contact']} and asked for its presence",
)  # fmt: skip
async def add_contact(
    owner: Account,
    contact: Annotated[str, Arg("bare JID of the contact")],
    mod: Mod,
    name: Annotated[str, Arg("name of the contact")] = "",
    group: Annotated[list[str] | None, Arg("group of the contact")] = None,
) -> dict[str, object]:
    """Have the owner add a contact and ask to see its presence."""
    other = _contact(contact, mod)
    await _commanded(roster_add(owner.bare, other.bare, name, group or ()))
    return {"owner": owner.bare, "contact": other.bare, "asked": True}


@command(
    "roster remove", "take a contact out, with all its subscriptions",
    text=lambda done: f"{done['owner']} has removed {done['contact']}",
)  # fmt: skip
async def remove_contact(
    owner: Account, contact: Annotated[str, Arg("bare JID of the contact")], mod: Mod
) -> dict[str, object]:
    """Have the owner remove a contact; subscriptions of both ways are taken back."""
    other = _contact(contact, mod)
    await _commanded(roster_remove(owner.bare, other.bare))
    return {"owner": owner.bare, "contact": other.bare, "removed": True}


def _contact(text: str, mod: Mod) -> JID:
    """The contact that is meant by NAME (of the owner's host), NAME@HOST or HOST."""
    try:
        return JID.parse(text if "@" in text or "." in text else f"{text}@{mod.host}").bare_jid()
    except JidError as error:
        raise CommandError(f"{text} is no address: {error}") from None


async def _commanded(work: Awaitable[None]) -> None:
    try:
        await work
    except TooMany:
        raise CommandError("the roster is full") from None
    except (LookupError, JidError) as error:
        raise CommandError(str(error.args[0]) if error.args else str(error)) from None


async def roster_add(owner: str, contact: str, name: str = "", groups: Iterable[str] = ()) -> None:
    """Makes `owner` (a local bare JID) ask for `contact`'s presence, as the owner's own client would.

    Raises LookupError if the owner has no account, JidError, StoreError, totals.TooMany.
    """
    me, other = _pair(owner, contact)
    stanza = make_presence(other, type_="subscribe", from_=me)

    def add(c: Change) -> list[Step]:
        _check_account(c, me)
        named = transitions.edit(c, me, other, name, tuple(groups)) if name or groups else []
        return named + transitions.event(c, me, other, subscription.SubscriptionEvent.SEND_SUBSCRIBE)

    await perform(await change(ROOM, requests.to_text(stanza), add), stanza)


async def roster_remove(owner: str, contact: str) -> None:
    """Makes `owner` remove `contact`: subscriptions and requests of both ways are taken back.

    Raises LookupError if the owner has no account or no such contact, JidError, StoreError.
    """
    me, other = _pair(owner, contact)

    def remove(c: Change) -> list[Step]:
        _check_account(c, me)
        try:
            return transitions.remove(c, me, other)
        except NotThere:
            raise LookupError(f"{contact} is not in the roster of {owner}") from None

    await perform(await change(ROOM, "", remove))


def _pair(owner: str, contact: str) -> tuple[JID, JID]:
    me, other = JID.parse(owner).bare_jid(), JID.parse(contact).bare_jid()
    if me == other:
        raise JidError("nobody is a contact of their own")
    return me, other


def _check_account(c: Change, owner: JID) -> None:
    if not c.is_ours(owner):
        raise LookupError(f"there is no account {owner}")
