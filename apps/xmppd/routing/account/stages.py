"""stages — the stages that every stanza from and for an account goes through, in one order, whoever has sent it.

    a client → AccountSendsHook: BLOCK FILTER MODULES ARCHIVE COPIES → router
    anybody → router → AccountReceivesHook: BLOCK FILTER MODULES ARCHIVE → who gets it
    somebody → AccountDeliversHook: COPIES → Deliver
    nobody → OfflineMessageHook → MessageStoredHook

Way:      packets (of a client), router (for an account) → [stages] → users → Deliver to the c2s of the recipients
Process:  runs in the sender's process, or in `accounts` of the account's home (account.home)
RFC:      6120 §10.1 (order), 6121 §8
Differs:  plain handlers run without an await, so no other stanza of the account comes between them. Where one awaits,
          later stanzas of the same account queue behind it (LiveAccount.line_up). A stage without handlers costs one
          look-up

A function named begin_… returns its result, or an awaitable for it; it may raise, and then has done nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeAlias

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.kernel import codec, pace
from otp.kernel.pace import BEHIND
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import durability, hooks, users
from xmppd.routing.account.account import LiveAccount, Turn, account_of, has_line
from xmppd.routing.account.home import GROUP, home_of
from xmppd.routing.context import Context, Origin
from xmppd.routing.durability import ANY_PENDING
from xmppd.routing.hook_kinds import OnTheWay, PresenceOnTheWay
from xmppd.routing.hook_points import AccountDeliversHook, AccountReceivesHook, AccountSendsHook
from xmppd.routing.hooks import Chains
from xmppd.routing.session import Session
from xmppd.routing.sm import flags, sm
from xmppd.routing.sm.flags import GRACE, LEAVING
from xmppd.routing.sm.suspected_nodes import REROUTING, SUSPECTED, is_rerouted

Left: TypeAlias = Stanza | None
#: how often a stanza is passed on before a node takes it: session tables differ for a moment only
_MOST_HOPS = 50


@codec.message
@dataclass(frozen=True, slots=True)
class ForAccount:
    """To the `accounts` of another node, an account's home: a stanza for it. `stamp`: its place in the account's line,
    which it keeps however many nodes pass it on (LiveAccount.line_up)."""

    stanza: Stanza
    context: Context
    stamp: int = 0


@codec.message
@dataclass(frozen=True, slots=True)
class FromAccount:
    """Likewise: a stanza that a client of the account sends."""

    stanza: Stanza
    context: Context
    stamp: int = 0


@codec.message
@dataclass(frozen=True, slots=True)
class Arrive:
    """A call: what has come to the node for an account (a bare JID) is in the store, or has gone to its new home."""

    bare: str


def are_wanted(host: str) -> bool:
    """Whether any handler takes part in what the accounts of this host send or receive."""
    return hooks.wanted(host, OnTheWay)


def are_wanted_of_presence(host: str) -> bool:
    """Whether any takes part in their presence."""
    return hooks.wanted(host, PresenceOnTheWay)


def context_for(domain: str, origin: Origin) -> Context | None:
    """What goes with a stanza to this domain from `origin`; None if no handler looks at it there."""
    return Context(origin) if hooks.wanted(domain, OnTheWay) else None


def begin_send(stanza: Stanza, context: Context, stamp: int = 0) -> Left | Awaitable[Left]:
    """The sender's stages; `from_` is an account of ours. The result is what goes on to the router: None if nothing,
    or if it goes on from another node. `stamp`: see ForAccount."""
    from_ = stanza.from_
    assert from_ is not None
    chains = hooks.chains(from_.domain, OnTheWay)
    if chains is not None and "AccountSendsHook" not in chains:
        return stanza
    if stanza.kind == "presence" and context.origin is Origin.SERVER and not are_wanted_of_presence(from_.domain):
        return stanza  # in the order in which the server says it, which sends some of it past the stages
    rows = sm.sessions(from_.bare)
    home = home_of(from_.bare, rows)
    waits = chains is None or LEAVING or SUSPECTED or BEHIND or REROUTING
    if home is not None and not waits and not has_line(from_.bare) and durability.has_room():
        _pass_on(home, FromAccount(stanza, context, stamp or flags.stamp()))
        return None
    account = account_of(from_, rows)
    if chains is None or waits or account.line or home is not None or not account.loaded:
        return _later(account, FromAccount(stanza, context, stamp))
    kept = hooks.begin_chain(chains["AccountSendsHook"], AccountSendsHook(account, context), stanza)
    return kept if kept is None or isinstance(kept, Stanza) else _waited_for(account.begin_turn(stamp), kept)


def _later(account: LiveAccount, message: ForAccount | FromAccount) -> Left | Awaitable[Left]:
    """In the line of its account; a process that must not wait there leaves it to the `accounts` of this node."""
    here = process.whereis(GROUP) if account.must_not_wait() else None
    if here is not None:
        _hand_over(here, type(message)(message.stanza, message.context, message.stamp or flags.stamp()))
        return None
    begin = _send_in_turn if isinstance(message, FromAccount) else _receive_in_turn
    return begin(account.line_up(message.stamp), message)


async def _waited_for(turn: Turn, result: Awaitable[Left]) -> Left:
    async with turn:
        return await result


async def _send_in_turn(turn: Turn, message: ForAccount | FromAccount) -> Left:
    left = await _sent(turn, message)
    await _wait_for_room()
    return left


async def _wait_for_room() -> None:
    """Before more is sent; not in the line, since who stands there may be waited for where there is no room. A client's
    c2s has looked before (stream/c2s.py:C2s.must_wait), and is asked itself whether what it has is safe."""
    if sm.own_session() is None:
        await durability.wait_for_room()


async def _sent(turn: Turn, message: ForAccount | FromAccount) -> Left:
    stanza, context = message.stanza, message.context
    from_ = stanza.from_
    assert from_ is not None
    async with turn as account:
        if not await _is_home(from_.bare, message, turn):
            return None
        await account.load()
        return await hooks.run_fold(from_.domain, AccountSendsHook(account, context), stanza)


def begin_receive(stanza: Stanza, context: Context | None = None, stamp: int = 0) -> Left | Awaitable[Left]:
    """The recipient's stages, and the delivery; `to` is an account of ours. The result is what is to be answered.
    Without a context the server itself has sent it. `stamp`: see ForAccount."""
    to = stanza.to
    assert to is not None
    chains = hooks.chains(to.domain, OnTheWay)
    if context is not None and context.staged and stamp:
        return _later(account_of(to, sm.sessions(to.bare)), ForAccount(stanza, context, stamp))
    if (chains is not None and not _for_recipient(chains)) or (context is not None and context.staged):
        return users.route(stanza, context)
    return begin_received(stanza, to, Context(Origin.SERVER) if context is None else context, chains, stamp)


def begin_received(
    stanza: Stanza, to: JID, context: Context, chains: Chains | None, stamp: int = 0
) -> Left | Awaitable[Left]:
    """begin_receive with the handlers already looked up: there are some on the recipient's side."""
    rows = sm.sessions(to.bare)
    home = home_of(to.bare, rows)
    waits = chains is None or LEAVING or SUSPECTED or BEHIND or REROUTING
    if home is not None and not waits and not has_line(to.bare) and durability.has_room():
        _pass_on(home, ForAccount(stanza, context, stamp or flags.stamp()))
        return None
    account = account_of(to, rows)
    if not waits and ANY_PENDING and durability.has_passed_on(to.bare):
        return _later(account, ForAccount(stanza, context, stamp))
    if chains is not None and not waits and home is None and account.loaded and not account.line:
        session = users.only_recipient(stanza, to, rows) if isinstance(stanza, Message) else None
        if session is not None and not (ANY_PENDING and durability.has_pending(to.bare)):
            return _begin_delivery(account, stanza, context, session, chains, stamp)
        if not rows and account.exists and users.is_to_be_stored(stanza, to):
            return _begin_delivery(account, stanza, context, None, chains, stamp)
        if stanza.type == "probe" and isinstance(stanza, Presence) and not account.must_not_wait():
            return _begin_probe(account, stanza, context, chains, stamp)
    return _later(account, ForAccount(stanza, context, stamp))


def _for_recipient(chains: Chains) -> bool:
    return "AccountReceivesHook" in chains or "AccountDeliversHook" in chains


def _begin_delivery(
    account: LiveAccount, stanza: Stanza, context: Context, session: Session | None, chains: Chains, stamp: int
) -> Left | Awaitable[Left]:
    """The way of nearly all messages: one session gets it, or, where there is none, it is stored; or a handler stops
    it."""
    if "AccountReceivesHook" in chains:
        kept = hooks.begin_chain(chains["AccountReceivesHook"], AccountReceivesHook(account, context), stanza)
        if kept is None:
            return None
        if not isinstance(kept, Stanza):
            return _delivered_in_turn(account.begin_turn(stamp), kept, context)
        stanza = kept
    context.staged = True
    if session is None:
        left = users.begin_storing(stanza, account.jid, context)
        return left if left is None or isinstance(left, Stanza) else _waited_for(account.begin_turn(stamp), left)
    if "AccountDeliversHook" in chains:
        point = AccountDeliversHook(account, context, stanza)
        who = hooks.begin_chain(chains["AccountDeliversHook"], point, (session,))
        if isinstance(who, Awaitable):
            return _given_in_turn(account.begin_turn(stamp), who, stanza, context)
        users.deliver(stanza, who, context)
        return None
    users.deliver(stanza, (session,), context)
    return None


def _begin_probe(
    account: LiveAccount, probe: Presence, context: Context, chains: Chains, stamp: int
) -> Left | Awaitable[Left]:
    """A login sends one to each contact. It changes nothing, so it keeps no place in the line while it is answered; and
    what its sender said before has been dealt with, or stands in the line."""
    kept: Left | Awaitable[Left] = probe
    if "AccountReceivesHook" in chains:
        kept = hooks.begin_chain(chains["AccountReceivesHook"], AccountReceivesHook(account, context), probe)
    if kept is None:
        return None
    if not isinstance(kept, Stanza):
        return _delivered_in_turn(account.begin_turn(stamp), kept, context)
    context.staged = True
    return users.route(kept, context)


async def _delivered_in_turn(turn: Turn, kept: Awaitable[Left], context: Context) -> Left:
    async with turn:
        stanza = await kept
        return None if stanza is None else await _staged(turn, stanza, context)


async def _given_in_turn(turn: Turn, who: Awaitable[tuple[Session, ...]], stanza: Stanza, context: Context) -> Left:
    async with turn:
        chosen = await who
        if users.are_there(stanza, chosen):
            users.deliver(stanza, chosen, context)
            return None
        return await _staged(turn, stanza, context)


async def _receive_in_turn(turn: Turn, message: ForAccount | FromAccount) -> Left:
    answer = await _received(turn, message)
    await _wait_for_room()
    return answer


async def _received(turn: Turn, message: ForAccount | FromAccount) -> Left:
    stanza, context = message.stanza, message.context
    to = stanza.to
    assert to is not None
    async with turn as account:
        if not await _is_home(to.bare, message, turn):
            return None
        if not context.staged:  # at an earlier home
            await account.load()
            kept = await hooks.run_fold(to.domain, AccountReceivesHook(account, context), stanza)
            if kept is None:
                return None
            stanza = kept
        if not isinstance(stanza, Iq):
            return await _staged(turn, stanza, context)  # nothing overtakes a subscription either
    context.staged = True
    return await users.route(stanza, context)  # a request may be answered long after, and more come meanwhile


async def _staged(turn: Turn, stanza: Stanza, context: Context) -> Left:
    """What the stages have left goes to who gets it, from where the account's home is by now."""
    to = stanza.to
    assert to is not None
    context.staged = True
    if not await _is_home(to.bare, ForAccount(stanza, context), turn):
        return None
    home = process.whereis(GROUP)
    if home is not None and home is not process.self_() and sm.sessions(to.bare):
        await durability.until_written(home, to.bare)  # what came before; where nobody is there it stays in order
    return await users.route(stanza, context)


async def consult(stanza: Stanza) -> Left:
    """What the stages of the sender and of the recipient leave of a stanza that the running process deals with itself,
    as it does with a subscription between two accounts: both sides are one transaction. They run here, wherever the
    accounts' homes are: what a client sent before it is safe by then (stream/c2s.py:C2s.must_wait)."""
    left: Left = stanza
    for jid, point in ((stanza.from_, AccountSendsHook), (stanza.to, AccountReceivesHook)):
        if left is not None and jid is not None and jid.local and hooks.wanted(jid.domain, point):
            account = account_of(jid)
            await account.load()
            left = await hooks.run_fold(jid.domain, point(account, Context()), left)
    return left


async def _is_home(bare: str, message: ForAccount | FromAccount, turn: Turn) -> bool:
    """Whether this node is the account's home, once what was sent before the stanza has come there; else it is passed
    on. All may change while it waits: sessions leave, the home moves, what was sent before comes from elsewhere."""
    until = CLOCK.monotonic() + GRACE
    while True:
        home = home_of(bare, await sm.reachable_sessions(bare))
        if home is not None and message.context.hops < _MOST_HOPS:
            if BEHIND:
                await pace.turn(home.node)
            if turn.is_first() and home == home_of(bare, sm.sessions(bare)) and not is_rerouted(bare):
                _pass_on(home, type(message)(message.stanza, message.context, turn.stamp))
                return False
        elif isinstance(message.stanza, Message) and flags.is_on_its_way(bare) and CLOCK.monotonic() < until:
            await process.sleep(flags.POLL)
        elif ANY_PENDING and isinstance(message, ForAccount) and durability.has_passed_on(bare):
            await durability.until_passed_on(bare, Arrive(bare))  # it has come here, and stands before this one
        elif turn.is_first():
            turn.begun = True
            return True
        await turn.come_first()


def _pass_on(home: Pid, message: ForAccount | FromAccount) -> None:
    """Before the running process acknowledges anything later, it asks the home whether this is stored."""
    message.context.hops += 1
    _hand_over(home, message)


def _hand_over(accounts: Pid, message: ForAccount | FromAccount) -> None:
    if isinstance(message.stanza, Message):
        _, mine, _ = durability.add_pending(accounts, message.stanza.weight(), copy=message)
        if isinstance(message, ForAccount) and message.stanza.to is not None:
            mine.passed_on.add(message.stanza.to.bare)
    process.send(accounts, message)
