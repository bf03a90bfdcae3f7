"""pusher — wakes clients that are away: keeps the bursts of the accounts that are its own, and notifies app servers.

Way:      mod_push (a stage, a store, a session that waits) → cast Stirred → [pusher] → answers.ask → the app server
OTP:      gen_server
Process:  `push@host`, one per node and host, permanent, beside mod_push under the host's supervisor. Each account has
          one of them, which all nodes compute alike; if it is lost, so are the bursts: a client is woken once more.
          A notification is sent, and its answer waited for, in a process of its own
XEP:      0357 §7, §8
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.kernel import codec, pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd import metrics
from xmppd.gen_mod import Mod
from xmppd.mods.push import bursts, notification, registrations
from xmppd.mods.push.bursts import Burst, Then
from xmppd.mods.push.matters import Weight
from xmppd.mods.push.notification import Summary
from xmppd.mods.push.registrations import PushRegistration
from xmppd.routing import answers, faults
from xmppd.routing.account import accounts
from xmppd.routing.placement import node_for
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import StoreError

#: clients of which a pusher knows that they are away; the one that was stirred longest ago is forgotten
MOST: Final = 10_000
#: seconds for which the answer of an app server is waited for
PATIENCE: Final = 30.0
SENT: Final = metrics.counter(
    "xmppd_push_notifications_total",
    "notifications to app servers, by what became of them",
    outcome=("accepted", "refused", "failed", "unanswered"),
)
Key: TypeAlias = tuple[str, str, str]


@codec.message
@dataclass(frozen=True, slots=True)
class Stirred:
    """A cast: a message that matters has come for a client that is away. `first_sent`: as in bursts.stirred."""

    registration: PushRegistration
    weight: int
    first_sent: float = 0.0
    sender: str = field(default="", repr=False)
    body: str = field(default="", repr=False)


@codec.message
@dataclass(frozen=True, slots=True)
class CameBack:
    """A cast: these clients of an account are there."""

    registrations: tuple[PushRegistration, ...]


@dataclass(frozen=True, slots=True)
class PauseOver:
    """To itself: the pause has passed that began at `began`."""

    key: Key
    began: float


@dataclass(slots=True)
class Waker:
    """A client's burst, and the last that is known of it."""

    burst: Burst
    last: Stirred


@dataclass(slots=True)
class PusherState:
    """The clients that are away and were stirred, the one that was stirred last at the end."""

    mod: Mod
    wakers: OrderedDict[Key, Waker] = field(default_factory=OrderedDict)


class Pusher(GenServer[PusherState]):
    """See the head of this file."""

    async def init(self, mod: Mod) -> PusherState:
        """Nobody was stirred."""
        await pg.join(_group(mod.host), process.self_())
        return PusherState(mod)

    def handle_cast(self, request: object, state: PusherState) -> Any:
        """Something came for a client, or it is back."""
        match request:
            case Stirred():
                _stir(request, state)
            case CameBack(found):
                for row in found:
                    state.wakers.pop(_key(row), None)
        return NoReply(state)

    def handle_info(self, message: object, state: PusherState) -> Any:
        """A pause is over."""
        if isinstance(message, PauseOver):
            waker, now = state.wakers.get(message.key), CLOCK.time()
            if waker is not None and bursts.over(waker.burst, now, message.began):
                row = waker.last.registration
                if registrations.are_away((row,), sm.sessions(row.owner.bare)):
                    _notify(waker, state.mod)
        return NoReply(state)


def _stir(told: Stirred, state: PusherState) -> None:
    key, now, pause = _key(told.registration), CLOCK.time(), state.mod.options.pause
    waker = state.wakers.get(key)
    if waker is None:
        waker = state.wakers[key] = Waker(Burst(), told)
        if len(state.wakers) > MOST:
            state.wakers.popitem(last=False)
    state.wakers.move_to_end(key)
    then = bursts.stirred(waker.burst, now, Weight(told.weight), pause, told.first_sent)
    if then is not Then.NOTHING or waker.burst.heard == now:
        waker.last = told
    if then is Then.NOW:
        _notify(waker, state.mod)
    elif then is Then.LATER:
        began = waker.burst.told
        process.send_after(max(began + pause - now, 0.0), process.self_(), PauseOver(key, began))


def _key(row: PushRegistration) -> Key:
    return row.user, row.service, row.node


def _notify(waker: Waker, mod: Mod) -> None:
    last = waker.last
    process.spawn(_ask, last.registration, Summary(waker.burst.count, last.sender, last.body))


async def _ask(row: PushRegistration, summary: Summary) -> None:
    """One notification. What the app server refuses for good ends the registration. XEP: 0357 §8"""
    try:
        answer = await answers.ask(notification.publication(row, summary), PATIENCE)
    except StanzaError:
        SENT.cell("unanswered").n += 1
        return
    if answer.type == "result":
        SENT.cell("accepted").n += 1
    elif notification.is_permanent(answer.stanza_error()):
        SENT.cell("refused").n += 1
        await _disable(row)
    else:
        SENT.cell("failed").n += 1


async def _disable(row: PushRegistration) -> None:
    try:
        if await store.transaction(partial(registrations.delete_same, row=row)):
            await accounts.changed(row.owner)
    except StoreError as error:
        faults.log(error, f"disabling notifications of {row.owner} that are refused")


# -- API


def tell(owner: JID, message: Stirred | CameBack) -> None:
    """Cast to the pusher of an account (a bare JID)."""
    members = pg.get_members(_group(owner.domain))
    if members:
        name = node_for(owner.bare, [pid.node for pid in members])
        gen_server.cast(next(pid for pid in members if pid.node == name), message)


def _group(host: str) -> str:
    return f"push@{host}"


async def start_link(mod: Mod) -> Pid | None:
    """Starts the pusher of a host."""
    return await gen_server.start_link(Pusher, mod, name=_group(mod.host))


def spec(mod: Mod) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(_group(mod.host), (start_link, (mod,)))
