"""users — stanzas for accounts: to their sessions, to their stored messages, to what answers in their name.

Way:      router → [users] → Deliver to the c2s of each recipient | OfflineMessageHook | AccountPresenceHook | iq
Process:  runs in the sender's process
RFC:      6120 §10.1 (order), 6121 §8 (the choice is a pure function: xmpp_core.delivery)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from otp.erts import process
from otp.kernel.pace import BEHIND
from xmpp_core import delivery
from xmpp_core.delivery import Bounce, HandleLocally, Offline, Recipients
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import durability, faults, hooks, iq, unconfirmed
from xmppd.routing.account.account import LiveAccount, account_of
from xmppd.routing.context import Context
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.routing.durability import ANY_PENDING
from xmppd.routing.hook_points import AccountDeliversHook, AccountPresenceHook, OfflineMessageHook
from xmppd.routing.session import Session
from xmppd.routing.sm import flags, sm
from xmppd.routing.sm.flags import LEAVING
from xmppd.routing.sm.suspected_nodes import REROUTING, SUSPECTED
from xmppd.routing.unconfirmed import FULL

Router = Callable[[Stanza, Context | None], Awaitable[Stanza | None]]
_ACCOUNT_PRESENCE = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"})


#: types of messages that the one session of an account gets, if it is available (RFC 6121 §8.5.2.1.1)
_FOR_THE_ONE = frozenset({"chat", "normal"})


def only_recipient(message: Message, to: JID, rows: Sequence[Session]) -> Session | None:
    """The one session that gets a message, where nothing has to be decided: it is named and there, or it is alone and
    takes what is for the account. None: `route` knows."""
    resource = to.resource
    if resource:
        for session in rows:
            if session.jid.resource == resource:
                return session
        return None
    if len(rows) != 1 or message.type not in _FOR_THE_ONE:
        return None
    [session] = rows
    return session if session.priority is not None and session.priority >= 0 else None


def deliver_now(message: Message, to: JID) -> bool:
    """As route, on the way of nearly every message: it has one recipient, and there is nothing to wait for. False:
    nothing was done, and route does the rest."""
    if LEAVING or SUSPECTED or BEHIND or REROUTING or ANY_PENDING:
        return False
    session = only_recipient(message, to, sm.sessions(to.bare))
    if session is None:
        return False
    delivered = Deliver(message)
    if session.stream_id:  # its client acknowledges: till then the message is the sender's
        unconfirmed.keep(session.pid, delivered, stream_id=session.stream_id)
    process.send(session.pid, delivered)
    return True


def deliver_presence_now(presence: Presence, to: JID) -> bool:
    """As route, for `available` and `unavailable` to an account (a bare JID), if there is nothing to wait for.

    False: nothing was done, and route does the rest. RFC: 6121 §4.4.2, §4.5.3, §8.5.2.1.2 (to all that are available)
    """
    if SUSPECTED or BEHIND or REROUTING:
        return False
    rows = sm.sessions(to.bare)
    if not rows:
        return sm.is_ready()  # no session: whether the account exists or not, it is dropped
    for session in rows:
        if session.priority is not None:
            process.send(session.pid, Deliver(presence))
    return True


async def route(stanza: Stanza, context: Context | None = None) -> Stanza | None:
    """Delivers a stanza for a local account, after the account's stages; returns the answer for the sender, if any.

    A message does not overtake what its sender said before, wherever that is now: with a session that is leaving, or on
    its way to the disk. It waits for that, at most flags.GRACE and durability.PATIENCE. Raises what fails behind it.
    """
    to = stanza.to
    assert to is not None
    resource = to.resource if not (isinstance(stanza, Presence) and stanza.type in _ACCOUNT_PRESENCE) else ""
    if resource and isinstance(stanza, Iq) and stanza.is_request:
        await iq.guard(stanza)
    staged = context is not None and context.staged
    if FULL and not staged and isinstance(stanza, Message) and sm.own_session() is None:  # which has looked itself
        await durability.wait_for_room()
    if LEAVING and to.bare in LEAVING and isinstance(stanza, Message) and not stanza.is_error:
        await (flags.wait_until_redelivered if staged else flags.wait_until_none_leaves)(to.bare)
    usual = not (SUSPECTED or BEHIND or REROUTING)
    rows = sm.sessions(to.bare) if usual else await sm.reachable_sessions(to.bare, resource)
    if resource and (context is None or not isinstance(stanza, Message)):
        for session in rows:  # the way of nearly every message: no rule, no hook, one look-up
            if session.jid.resource == resource:
                if ANY_PENDING and isinstance(stanza, Message) and durability.has_pending(to.bare):
                    break
                deliver(stanza, (session,), None)
                return None
    if not rows:
        rows = await sm.settled_sessions(to.bare)
    return await _decided(stanza, to, rows, route, context)


async def again(stanza: Stanza, context: Context | None = None) -> Stanza | None:
    """As route, for what was on its way to a session of the running process, which cannot take it any more: it waits
    for nobody who is leaving."""
    to = stanza.to
    assert to is not None
    me = process.self_()
    rows = tuple([s for s in await sm.settled_sessions(to.bare) if s.pid is not me])
    return await _decided(stanza, to, rows, again, context)


async def _decided(
    stanza: Stanza, to: JID, rows: tuple[Session, ...], retry: Router, context: Context | None
) -> Stanza | None:
    if isinstance(stanza, Iq) and stanza.is_request and not to.resource:
        return await iq.process(stanza, iq.SM)  # no look-up: strangers would learn of the account
    if not rows and stanza.kind == "presence" and stanza.type not in _ACCOUNT_PRESENCE:
        return None  # there is no session to be told, whether the account exists or not
    exists = bool(rows) or await account_of(to).is_there()
    resources = [(s.jid.resource, s.priority) for s in rows]
    decision = delivery.decide(stanza.kind, stanza.type, to, resources, exists)
    match decision:
        case Recipients(names):
            if ANY_PENDING and isinstance(stanza, Message) and durability.has_pending(to.bare):
                await durability.until_written(process.self_(), to.bare)
                return await retry(stanza, context)
            who = tuple([session for session in rows if session.jid.resource in names])
            if isinstance(stanza, Message) and hooks.wanted(to.domain, AccountDeliversHook):
                account = account_of(to, rows)
                if not account.loaded and await _loads(account):  # one that comes again is past the other stages
                    return await retry(stanza, context)
                point = AccountDeliversHook(account, context or Context(), stanza)
                who = await hooks.run_fold(to.domain, point, who)
                if not are_there(stanza, who):
                    return await retry(stanza, context)
            deliver(stanza, who, context)
        case HandleLocally():
            return await _in_the_users_name(stanza, to.bare_jid())
        case Offline():
            return await _offline(stanza, to.bare_jid(), context)
        case Bounce(condition):
            return faults.bounce(stanza, StanzaError(condition))
    return None


def are_there(stanza: Stanza, who: Sequence[Session]) -> bool:
    """Whether all that were chosen to get a stanza are in the table still, now that handlers have been waited for."""
    to = stanza.to
    there = [row.pid for row in sm.sessions(to.bare)] if to is not None else []
    return all(session.pid in there for session in who)


async def _loads(account: LiveAccount) -> bool:
    """Whether what modules keep of an account is here now; that it cannot be read keeps nobody from a message."""
    try:
        await account.load()
    except Exception as error:
        faults.log(error, f"loading what is kept of {account.jid}")
    return account.loaded


def deliver(stanza: Stanza, who: Sequence[Session], context: Context | None) -> None:
    """To each of these sessions."""
    if context is not None and context.version and stanza.from_ is not None:
        for session in who:
            process.send(session.pid, DeliverIfNewer(stanza, f"presence of {stanza.from_.full}", context.version))
        return
    is_message = stanza.kind == "message"
    others = tuple([str(session.pid) for session in who]) if len(who) > 1 and is_message else ()
    for session in who:
        delivered = Deliver(stanza, others, context)
        if is_message and session.stream_id:
            unconfirmed.keep(session.pid, delivered, stream_id=session.stream_id)
        process.send(session.pid, delivered)


async def _in_the_users_name(stanza: Stanza, owner: JID) -> Stanza | None:
    if isinstance(stanza, Iq):
        return await iq.process(stanza, iq.SM)
    if isinstance(stanza, Presence):
        await hooks.run_fold(owner.domain, AccountPresenceHook(owner), stanza)
    return None


async def _offline(stanza: Stanza, owner: JID, context: Context | None) -> Stanza | None:
    if not isinstance(stanza, Message):
        return None
    left = begin_storing(stanza, owner, context or Context())
    return left if left is None or isinstance(left, Stanza) else await left


def is_to_be_stored(stanza: Stanza, to: JID) -> bool:
    """Whether a stanza is stored if its account has no session, and none that leaves."""
    is_personal = stanza.type == "chat" or (stanza.type == "normal" and not to.resource)
    return is_personal and isinstance(stanza, Message) and sm.is_ready()


def begin_storing(stanza: Stanza, owner: JID, context: Context) -> Stanza | Awaitable[Stanza | None] | None:
    """A message for an account (a bare JID) that nobody can take now: what is to be answered, or, from the first
    handler on that waits, an awaitable for it. Raises what handlers raise."""
    assert isinstance(stanza, Message)
    left = hooks.begin_fold(owner.domain, OfflineMessageHook(owner, context), stanza)
    return _refused(left) if left is None or isinstance(left, Message) else _refused_later(left)


async def _refused_later(left: Awaitable[Message | None]) -> Stanza | None:
    return _refused(await left)


def _refused(left: Message | None) -> Stanza | None:
    return None if left is None else faults.bounce(left, StanzaError("service-unavailable"))
