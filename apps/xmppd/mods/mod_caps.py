"""mod_caps — learns what each client wants to be told of, from the hash in its presence, and keeps it for good.

Way:      presence of our clients, and of contacts elsewhere → [mod_caps] → disco#info, once for each hash → a verified
          hash → store, interest; the session's row → who is told of a node (pubsub.events), the last items
XEP:      0115, 0390; 0163 §4.3.1 (the last item when the capabilities are known)
Process:  runs in the c2s of the client; each question in a process of its own, one at a time for each hash and node
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from xmpp_core import caps, ns
from xmpp_core.caps import CapsClaim
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, make_iq
from xmppd.gen_mod import Mod, on
from xmppd.mods.caps import own_caps
from xmppd.pubsub import interest, last_items
from xmppd.pubsub.interest import CAPS_KEY
from xmppd.pubsub.tables import CapsNotify
from xmppd.routing import answers, router
from xmppd.routing.hook_points import (
    DiscoFeaturesHook,
    DiscoIdentitiesHook,
    SessionInfoHook,
    StreamFeaturesHook,
    UserAvailableHook,
    UserReceivePresenceHook,
    UserSendPresenceHook,
    UserUnavailableHook,
)
from xmppd.routing.iq import LOCAL
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm
from xmppd.store import store

XEP = {115: "1.6.0", 390: "0.3.2"}
FEATURES = {ns.CAPS: (LOCAL,), caps.CAPS2: (LOCAL,)}
#: hashes that are asked for at the same time, on one worker, and holders that wait for one
MOST_ASKED: Final = 1000
MOST_HOLDERS: Final = 1000
#: holders that are asked one after the other for one hash
_TRIES: Final = 5
#: nodes that one kind of clients may want to be told of, and characters of each
MOST_NODES: Final = 256
_MOST_NAME: Final = 512


@dataclass(frozen=True)
class Options:
    """`answer_seconds`: for which a client is waited that is asked what it can do."""

    answer_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class CapsKnown:
    """To a c2s: the capabilities that its client claims are verified."""

    key: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who claims a hash: `pid` its c2s, if it is a client of ours."""

    jid: JID
    claim: CapsClaim
    pid: Pid | None = None


@dataclass(slots=True)
class CapsState:
    """Of a session: what its client claims, and whether it has been sent the last items."""

    claimed: str = ""
    there: bool = False
    told: bool = False


#: hashes that are being asked for, with who waits for the answer
_ASKED: Final[dict[str, list[Holder]]] = {}


def state_of(session: C2sSession) -> CapsState:
    """What is known of this session."""
    return session.module_state("mod_caps", CapsState)


# --- our own clients


@on(UserSendPresenceHook, seq=20)
def sent(
    presence: Presence | None, point: UserSendPresenceHook, mod: Mod
) -> Presence | Awaitable[Presence | None] | None:
    """What the client says of itself, before anybody is told that it is there."""
    if presence is None or presence.type != "" or presence.to is not None:
        return presence
    claim, state = caps.claim_of(presence.el), state_of(point.session)
    if claim is None or claim.key == state.claimed:
        return presence
    state.claimed = claim.key
    return _claimed(presence, claim, point.session, state, mod)


async def _claimed(presence: Presence, claim: CapsClaim, session: C2sSession, state: CapsState, mod: Mod) -> Presence:
    if await interest.nodes_of(claim.key) is not None:
        await sm.publish(session, CAPS_KEY, claim.key)
        _tell(session, state)
    else:
        if CAPS_KEY.of(session.entry):
            await sm.publish(session, CAPS_KEY, "")
        _find_out(Holder(session.jid, claim, session.pid), mod)
    return presence


@on(UserAvailableHook)
def came(point: UserAvailableHook, mod: Mod) -> None:
    """The first presence: the last items are for it, once it is known which."""
    state = state_of(point.session)
    state.there = True
    _tell(point.session, state)


@on(UserUnavailableHook)
def went(point: UserUnavailableHook, mod: Mod) -> None:
    """When it comes back it is told again."""
    state = state_of(point.session)
    state.there = state.told = False


@on(SessionInfoHook)
async def learnt(point: SessionInfoHook, mod: Mod) -> None:
    """The answer has come."""
    message, state = point.message, state_of(point.session)
    if isinstance(message, CapsKnown) and message.key == state.claimed:
        await sm.publish(point.session, CAPS_KEY, message.key)
        _tell(point.session, state)


def _tell(session: C2sSession, state: CapsState) -> None:
    """In a process of its own, so that the client need not wait for the store."""
    key = CAPS_KEY.of(session.entry)
    if key and state.there and not state.told:
        state.told = True
        process.spawn(last_items.send_to, session.jid, key)


# --- the server's own


@on(StreamFeaturesHook, seq=80)
async def features(acc: tuple[Element, ...], point: StreamFeaturesHook, mod: Mod) -> tuple[Element, ...]:
    """The hash of what the server can do, for clients that have logged in."""
    own = await own_caps.of_host(mod.host) if point.user is not None else None
    return acc if own is None else (*acc, *own.features)


@on(DiscoIdentitiesHook)
async def own_identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """Who asks for the node of a hash is answered what the hash is of."""
    own = await own_caps.of_host(mod.host) if point.node and not point.to.local else None
    if own is None or point.node not in own.nodes:
        return acc
    return (*acc, *[child for child in own.query.elements() if child.name != "feature"])


@on(DiscoFeaturesHook)
async def own_features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """The same."""
    own = await own_caps.of_host(mod.host) if point.node and not point.to.local else None
    if own is None or point.node not in own.nodes:
        return acc
    return (*acc, *[child.get("var") or "" for child in own.query.elements("feature", ns.DISCO_INFO)])


# --- contacts elsewhere


@on(UserReceivePresenceHook, seq=20)
def received(presence: Presence | None, point: UserReceivePresenceHook, mod: Mod) -> Presence | None:
    """What a resource elsewhere says of itself; of our own accounts the rows of their sessions say it."""
    if presence is None or presence.from_ is None or not presence.from_.resource:
        return presence
    from_ = presence.from_
    if router.serves(from_.domain):
        return presence
    if presence.type == "unavailable":
        interest.went(from_)
    elif presence.type == "" and (claim := caps.claim_of(presence.el)) is not None:
        interest.came(from_, claim.key)
        process.spawn(_look_up, Holder(from_, claim), mod)
    return presence


async def _look_up(holder: Holder, mod: Mod) -> None:
    if await interest.nodes_of(holder.claim.key) is None:
        _find_out(holder, mod)


# --- asking


def _find_out(holder: Holder, mod: Mod) -> None:
    """Asks, unless somebody is being asked for this hash: then it is that one's answer, or the next one's turn."""
    key = holder.claim.key
    waiting = _ASKED.get(key)
    if waiting is not None:
        if len(waiting) < MOST_HOLDERS:
            waiting.append(holder)
    elif len(_ASKED) < MOST_ASKED:
        _ASKED[key] = [holder]
        process.spawn(_ask, key, mod)


async def _ask(key: str, mod: Mod) -> None:
    """One holder after the other, until one's answer is what the hash is of."""
    try:
        nodes, turn = None, 0
        while nodes is None and turn < min(_TRIES, len(_ASKED[key])):
            nodes = await _answer_of(_ASKED[key][turn], mod)
            turn += 1
        if nodes is not None:
            row = CapsNotify(key, nodes, int(CLOCK.time()))
            await store.transaction(lambda tx: tx.write(row))
            interest.learn(key, nodes)
            for pid in [holder.pid for holder in _ASKED[key] if holder.pid is not None]:
                process.send(pid, CapsKnown(key))
    finally:
        _ASKED.pop(key, None)


async def _answer_of(holder: Holder, mod: Mod) -> tuple[str, ...] | None:
    """The nodes that a client wants to be told of, if its answer is what it claims."""
    query = el("query", ns.DISCO_INFO, {"node": holder.claim.node})
    request = make_iq("get", "", query, to=holder.jid, from_=JID("", mod.host))
    try:
        answer = await answers.ask(request, mod.options.answer_seconds)
    except StanzaError:
        return None
    found: Element | None = answer.payload if answer.type == "result" else None
    if found is None or (found.ns, found.name) != (ns.DISCO_INFO, "query") or not caps.is_right(holder.claim, found):
        return None
    return tuple([node for node in caps.notify_nodes(found) if len(node) <= _MOST_NAME][:MOST_NODES])
