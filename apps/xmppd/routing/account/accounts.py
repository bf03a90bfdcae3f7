"""accounts — takes stanzas of and for accounts whose home is this node from other nodes.

OTP:      gen_server
Way:      stages of another node → ForAccount, FromAccount → [accounts] → stages of this node → users, router
Process:  `accounts`, one per node, permanent, under xmppd.sup; member of the pg group of that name, by which others
          find it. A stanza that must wait has a process of its own, and keeps its place in the order of its account
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid, Ref
from otp.erts.process_info import is_idle
from otp.erts.signals import Down
from otp.kernel import codec, pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza
from xmppd.routing import awaited, durability, faults, router, safe_rounds, unconfirmed
from xmppd.routing.account import account, stages
from xmppd.routing.account.home import GROUP
from xmppd.routing.account.stages import Arrive, ForAccount, FromAccount
from xmppd.routing.awaited import Answered
from xmppd.routing.durability import Sync
from xmppd.routing.sm import session_table

NAME: Final = "accounts"
_PATIENCE = 2.0  # seconds for a node that does not answer
_SWEEP: Final = 5.0


@dataclass(slots=True)
class State:
    """`waiting`: the processes that deal with stanzas which must wait. `sweeping`: a Sweep is on its way."""

    waiting: set[Pid] = field(default_factory=set)
    sweeping: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class Forget:
    """A call: what modules keep of the account (a bare JID) has changed in the store."""

    bare: str


@dataclass(frozen=True, slots=True)
class Settle:
    """A call: all that came before stands in the line of its account, or is done."""


@dataclass(frozen=True, slots=True)
class FirstCopy:
    """A sender of this node keeps a copy, and none did before."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """To itself, now and then while senders of this node keep copies: perhaps nobody asks for some of them."""


class HomeServer(GenServer[State]):
    """See the head of this file."""

    async def init(self) -> State:
        """Join the group by which other nodes find this process."""
        await pg.join(GROUP, process.self_())
        unconfirmed.begin(bounded=False)  # those who pass on to it are
        durability.PASSING_ON.add(process.self_())
        unconfirmed.on_first(partial(process.send, process.self_(), FirstCopy()))
        if unconfirmed.COPIES:
            process.send(process.self_(), FirstCopy())
        return State()

    def handle_call(self, request: object, from_: Any, state: State) -> Any:
        """What must be over, or stored, before somebody goes on; and what modules keep."""
        match request:
            case Forget(bare):
                account.forget(bare)
                return Reply(None, state)
            case Settle():
                return Reply(None, state)
            case Arrive(bare):
                process.spawn(_arrive, bare, from_)
            case Sync(asked):
                process.spawn(_settle, frozenset(state.waiting), from_, process.self_(), asked)
        return NoReply(state)

    def handle_info(self, message: object, state: State) -> Any:
        """Stanzas, in their order; and those who waited."""
        match message:
            case ForAccount() | FromAccount():
                rest = _begin(message)
                if rest is not None:
                    pid = process.spawn(_finish, message.stanza, rest, process.self_())
                    state.waiting.add(pid)
                    process.monitor(pid)
            case FirstCopy() if not state.sweeping:
                _sweep_soon(state)
            case Answered(answer):
                awaited.take(answer)
            case Sweep():
                state.sweeping = False
                safe_rounds.sweep()
                if unconfirmed.COPIES:
                    _sweep_soon(state)
            case Down(_, pid, _) if isinstance(pid, Pid):
                state.waiting.discard(pid)
        return NoReply(state)


def _sweep_soon(state: State) -> None:
    state.sweeping = True
    process.send_after(_SWEEP, process.self_(), Sweep())


def _begin(message: ForAccount | FromAccount) -> Awaitable[Stanza | None] | Stanza | None:
    """Does what can be done at once; returns an awaitable for the rest, or the answer to the sender."""
    stanza, context = message.stanza, message.context
    try:
        if isinstance(message, ForAccount):
            return stages.begin_receive(stanza, context, message.stamp)
        kept = stages.begin_send(stanza, context, message.stamp)
        return None if kept is None else _sent(kept, message)
    except Exception as error:
        return faults.answer(stanza, error)


async def _sent(kept: Stanza | Awaitable[Stanza | None] | None, message: FromAccount) -> Stanza | None:
    stanza = await kept if isinstance(kept, Awaitable) else kept
    return None if stanza is None else await router.dispatch(stanza, message.context.for_recipient())


async def _finish(stanza: Stanza, rest: Awaitable[Stanza | None] | Stanza, home: Pid) -> None:
    unconfirmed.begin()
    try:
        answer = await rest if isinstance(rest, Awaitable) else rest
    except Exception as error:
        answer = faults.answer(stanza, error)
    try:
        if answer is not None and answer.to is not None:
            await router.route(answer)
    finally:
        durability.hand_over(home)


async def _settle(before: frozenset[Pid], from_: Any, home: Pid, asked: tuple[Pid, ...]) -> None:
    """Answer when the processes of earlier stanzas have ended, and all that these and the home itself have handed over
    is safe, but for what has gone to the homes that were `asked` before. No answer: it is not."""
    for ref in [process.monitor(pid) for pid in before]:
        await process.receive(partial(_is_down, ref))
    with contextlib.suppress(CallError):
        await durability.flush_of(home, (*asked, home))
        gen_server.reply(from_, None)


async def _arrive(bare: str, from_: Any) -> None:
    await settle(JID.parse(bare))
    with contextlib.suppress(CallError):
        for pid in [pid for pid, pending in durability.PENDING.items() if bare in pending.owners]:
            await durability.until_written(pid, bare)
    gen_server.reply(from_, None)


def _is_down(ref: Ref, message: object) -> bool:
    return isinstance(message, Down) and message.ref is ref


# -- API


async def start_link() -> Pid | None:
    """Start the process of this node."""
    return await gen_server.start_link(HomeServer, name=NAME)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec(NAME, (start_link, ()))


async def changed(owner: JID) -> None:
    """What modules keep for an account (AccountState) has changed in the store: when this returns, the stages of every
    node see how it is now. A node that does not answer in time is cut off, and begins again."""
    account.forget(owner.bare)
    for pid in pg.get_members(GROUP):
        if pid.node != process.node():
            with contextlib.suppress(CallError):
                await gen_server.call(pid, Forget(owner.bare), _PATIENCE)


def is_settled(owner: JID) -> bool:
    """Whether settle() would return at once: nothing waits here that is of or for the account."""
    home, known = process.whereis(NAME), account.ACCOUNTS.get(owner.bare)
    return home is not None and is_idle(home) and (known is None or not known.line)


def has_arrived(bare: str) -> bool:
    """Whether nothing that has come to this node for the account (a bare JID) waits here, or to be written."""
    home, known = process.whereis(NAME), account.ACCOUNTS.get(bare)
    if (home is not None and not is_idle(home)) or (known is not None and known.line):
        return False
    return not any(bare in pending.owners for pending in durability.ANY_PENDING.values())


session_table.on_asked(has_arrived)


async def until_arrived(owner: JID, nodes: Sequence[str]) -> None:
    """Returns when what was sent to the account before its session could be reached is in the store, or has come here,
    from these nodes; after _PATIENCE at most."""
    for pid in [pid for pid in pg.get_members(GROUP) if pid.node in nodes]:
        with contextlib.suppress(CallError):
            await gen_server.call(pid, Arrive(owner.bare), _PATIENCE)


async def settle(owner: JID) -> None:
    """Returns when all stanzas of and for an account that have come to this node have been through its stages, or on to
    another node if that is its home by now; after account.PATIENCE at most."""
    with contextlib.suppress(CallError):
        await gen_server.call(NAME, Settle(), _PATIENCE)
    async with account.account_of(owner).line_up():
        return
