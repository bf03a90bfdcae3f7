"""awaited — the answers that processes of this node wait for; see answers.

Way:      router (an answer to the server itself) → [take] → the process that asked, here or by `accounts` of its node
Process:  none: a table that is read in place
RFC:      6120 §8.2.3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec, pg
from xmpp_core.stanza import Iq
from xmppd.routing.account.home import GROUP

#: requests of this node without an answer
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class AwaitedAnswer:
    """A request: `asked` is the JID that may answer it, `pid` waits."""

    asked: str
    pid: Pid


#: by the request's id
WAITING: Final[dict[str, AwaitedAnswer]] = {}


@codec.message
@dataclass(frozen=True, slots=True)
class Answered:
    """To the process that waits, and to `accounts` of its node."""

    iq: Iq


def take(answer: Iq) -> None:
    """Sends an answer to the process that waits for it. One that nobody waits for, or that comes from somebody else
    than was asked, is dropped."""
    id_ = answer.id or ""
    waiting = WAITING.get(id_)
    if waiting is not None:
        if answer.from_ is not None and answer.from_.full == waiting.asked:
            del WAITING[id_]
            process.send(waiting.pid, Answered(answer))
        return
    node = id_.partition(".")[0]
    if node == process.node():
        return
    for pid in pg.get_members(GROUP):
        if pid.node == node:
            process.send(pid, Answered(answer))
