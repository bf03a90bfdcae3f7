"""mod_offline — keeps messages for users who are not there, and hands them over when they come.

Way:      users (nobody can take it) → hook OfflineMessage → [mod_offline] → writer → store; hook UserReachable →
          [mod_offline] → spool → the c2s
XEP:      0160 (which messages), 0203 (delay), 0334 (no-store)
Process:  runs in the sender's process and in the c2s of the user; the writer is a process of its own
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from otp.erts import process
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns
from xmpp_core.stanza import Message
from xmppd.gen_mod import Mod, on
from xmppd.mods.offline import spool, writer
from xmppd.mods.offline.spool import HandedOver
from xmppd.mods.offline.writer import Keep
from xmppd.routing import barrier, hooks
from xmppd.routing.hook_points import DiscoFeatures, OfflineMessage, SessionInfo, UserReachable
from xmppd.routing.session import C2sSession
from xmppd.store import store
from xmppd.store.tables import OFFLINE

XEP = {160: "1.0.1", 203: "2.0"}
#: messages handed to a session at once, and characters: what is large in the store is not to be large in a mailbox
PORTION = 50
PORTION_CHARS = 1 << 20
_NOT_CONTENT = frozenset({ns.CHATSTATES, ns.HINTS})


@dataclass(frozen=True)
class Options:
    """`max_messages`: kept for one user, 0 for what [limits] offline_messages says."""

    max_messages: int = 0


def children(mod: Mod) -> list[ChildSpec]:
    """The writer."""
    most = mod.options.max_messages or (mod.config.limits.offline_messages if mod.config is not None else 100)
    return [writer.spec(mod.host, most)]


@on(OfflineMessage, seq=50)
async def keep(message: Message | None, point: OfflineMessage, mod: Mod) -> object:
    """Messages that somebody wrote are kept; what only tells of a chat's state is let go; the rest is refused."""
    if message is None or message.type not in ("normal", "chat"):
        return message
    if not any(child.ns not in _NOT_CONTENT and child.name != "thread" for child in message.el.elements()):
        return hooks.Stop(None)
    if message.el.child("no-store", ns.HINTS) is not None:
        return message
    pid = process.whereis(writer.name(mod.host))
    if pid is None:
        return message
    size = message.el.weight()
    gen_server.cast(pid, Keep(point.owner, message, size))
    await barrier.note(pid, size)
    return hooks.Stop(None)


@on(UserReachable)
async def deliver(point: UserReachable, mod: Mod) -> None:
    """The stored messages go to the resource that can take them now, oldest first, in portions."""
    await _portion(point.session)


async def _portion(session: C2sSession) -> None:
    user = session.user
    rows = await store.select(OFFLINE, (user.domain, user.local), limit=PORTION)
    if rows:
        sizes = accumulate(len(row.xml) for row in rows)
        most = sum(size <= PORTION_CHARS for size in sizes)
        spool.hand_over(session.pid, rows[: max(most, 1)])


@on(SessionInfo)
async def written(point: SessionInfo, mod: Mod) -> None:
    """What was handed over has been written: it may go from the store, and the next portion come."""
    if isinstance(point.message, HandedOver):
        await spool.delete(point.message)
        priority = point.session.entry.priority
        if priority is not None and priority >= 0:
            await _portion(point.session)


@on(DiscoFeatures)
def features(acc: tuple[str, ...], point: DiscoFeatures, mod: Mod) -> tuple[str, ...]:
    """The server says that it keeps messages (XEP-0160 §4)."""
    return acc if point.to.local or point.node else (*acc, "msgoffline")
