"""confirming — answers a sender that asks whether what it has sent to a session is safe.

Way:      durability (Sync) → c2s → [confirming] → the counter of the session; what is held → OfflineMessageHook
Process:  runs in the c2s, which never waits for it: two that waited for each other would do so for ever
Differs:  what is held behind older messages (routing.hold) is not counted yet. If that lasts it goes to the store, and
          is behind the older ones there, too
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.future import LoopFuture
from otp.erts.pid import Pid
from otp.erts.timer import TIMERS
from otp.stdlib import gen, gen_fsm
from otp.stdlib.gen_fsm import From
from xmpp_core.stanza import Message
from xmppd import crash_points
from xmppd.routing import durability, faults, hooks, router, unconfirmed
from xmppd.routing.context import Context
from xmppd.routing.deliver import Confirm, Deliver, Hold
from xmppd.routing.durability import Sync
from xmppd.routing.hook_points import OfflineMessageHook
from xmppd.routing.redeliver import ends_here
from xmppd.stream.c2s_session import C2sData

#: seconds between two looks whether what is older has been handed over, and how many looks that gets
PAUSE: Final = 0.02
LOOKS: Final = 5


@dataclass(frozen=True, slots=True)
class LookAgain:
    """To the own mailbox: somebody waits for what is held."""

    from_: From
    looks: int


def answer(data: C2sData, from_: From, looks: int = 0) -> None:
    """Answer when all that the session has got is acknowledged or on disk; no answer if that cannot be."""
    session, counter = data.session, data.counter
    if session is None or counter is None:
        gen_fsm.reply(from_, None)
    elif session.hold is None:
        counter.confirm(lambda: _reply(from_), partial(_ask_again, process.self_(), from_))
    elif looks < LOOKS:
        process.send_after(PAUSE, process.self_(), LookAgain(from_, looks + 1))
    else:
        held = _storable(session.hold)
        counter.confirm(lambda: _begin_store(held, from_), partial(_ask_again, process.self_(), from_, held))


def _ask_again(c2s: Pid, from_: From, held: Sequence[Deliver] = ()) -> None:
    """The session ends: it answers when what it had, and what was `held`, has been sent on (routing.redeliver), or with
    its process."""
    for one in held:
        process.send(c2s, one)
    process.send(c2s, gen.Call(from_, Sync()))


def confirm(data: C2sData, asked: Confirm) -> None:
    """Likewise, by a call."""
    session, counter = data.session, data.counter
    if session is None or counter is None or session.hold is not None:
        asked.gone()
    else:
        counter.confirm(asked.done, asked.gone)
        if asked.urgent:
            counter.hurry()


async def is_on_disk(data: C2sData) -> bool:
    """Whether what the client has not acknowledged is on disk, once it is; False if it is not in time."""
    if data.counter is None:
        return True
    there: LoopFuture[bool] = LoopFuture()
    timer = TIMERS.after(durability.PATIENCE, there.resolve, False)
    data.counter.confirm(lambda: _resolve(there))
    try:
        return await there
    finally:
        TIMERS.drop(timer)


def _resolve(there: LoopFuture[bool]) -> None:
    there.resolve(True)


def _reply(from_: From) -> None:
    crash_points.reach("durability.before_answer")
    gen_fsm.reply(from_, None)


def _storable(hold: Hold) -> list[Deliver]:
    """Taken out of what is held: messages that nobody else has and that may be stored."""
    found = [one for one in hold.queue if _is_storable(one)]
    for one in found:
        hold.queue.remove(one)
        hold.size -= one.stanza.weight()
    return found


def _is_storable(message: Deliver) -> bool:
    stanza = message.stanza
    return isinstance(stanza, Message) and stanza.type in ("chat", "normal") and not ends_here(message)


def _begin_store(held: list[Deliver], from_: From) -> None:
    process.spawn(_store, held, from_)


async def _store(messages: list[Deliver], from_: From) -> None:
    unconfirmed.begin(bounded=False)
    for message in messages:
        stanza, context = message.stanza, message.context or Context()
        if not isinstance(stanza, Message) or stanza.to is None:
            continue
        try:
            await hooks.run_fold(stanza.to.domain, OfflineMessageHook(stanza.to.bare_jid(), context), stanza)
        except Exception as error:
            refused = faults.answer(stanza, error)
            if refused is not None:
                await router.route(refused)
    try:
        await durability.flush()
    except CallError as error:
        faults.log(error, "storing what waited for older messages")
    else:
        _reply(from_)
