"""redeliver — reroutes what was on its way to a session that ends: to another resource, the store, or the sender.

Way:      c2s_session (the session is out of the table) → [redeliver] → users.again → …
Process:  runs in the c2s that ends
RFC:      6120 §10.1 (order): senders with more for the account wait meanwhile (flags); 6121 §8.5.3.2
Differs:  a message has one owner at a time: what the store still has (Older) is not rerouted; all else that waits is
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from otp.erts import process
from otp.erts.signals import Down
from xmpp_core.stanza import Iq, Presence
from xmppd.routing import faults, router, users
from xmppd.routing.account import accounts, stages
from xmppd.routing.deliver import Deliver
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import flags, sm


async def redeliver(session: C2sSession, answered: Callable[[Iq], None]) -> bool:
    """Send on what is held and what the mailbox has; whether there was any. One that fails does not keep the others.

    Answers are the client's own, they go to `answered`: one that said goodbye right after its request still gets them.
    """
    moved = False
    waiting: deque[object] = deque(session.hold.queue) if session.hold is not None else deque()
    session.hold = None
    if process.message_queue_len():
        waiting.extend(await process.flush())
    while waiting:  # each is let go when it has been dealt with: together they may be large
        message = waiting.popleft()
        if not isinstance(message, Deliver) or isinstance(message.stanza, Presence) or ends_here(message):
            continue
        moved = True
        try:
            if isinstance(message.stanza, Iq) and not message.stanza.is_request:
                answered(message.stanza)
                continue
            answer = await users.again(message.stanza, message.context)
        except Exception as error:
            answer = faults.answer(message.stanza, error)
        if answer is not None and answer.to is not None:
            await router.route(answer)
    return await home_moved(session) or moved


async def home_moved(session: C2sSession) -> bool:
    """What has come to the account's home before goes first: it may move with the session that ends. Senders who ask
    this process whether what it had is safe hear nothing: it ends when it is, or fails."""
    if not stages.are_wanted(session.host):
        return False
    flags.REDELIVERED.add(session.pid)
    if accounts.is_settled(session.user):
        # it may move to one of several nodes, and was sent on to another; a single one hears in order that we have left
        return len(sm.other_nodes()) > 1
    _, ref = process.spawn_monitor(accounts.settle, session.user)
    await process.receive(lambda m: isinstance(m, Down) and m.ref is ref)
    return True


def ends_here(message: Deliver) -> bool:
    """Whether nobody else is to get it: it is a copy, or a resource that got the same message is still there."""
    if message.context is not None and message.context.for_one:
        return True
    to = message.stanza.to
    return bool(message.others) and to is not None and any(str(s.pid) in message.others for s in sm.sessions(to.bare))
