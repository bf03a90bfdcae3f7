"""directory — the behaviour by which the nodes agree on which sessions there are; `sm` calls it for its callers.

Nobody else knows how updates travel from node to node and which nodes are waited for. Today each node has all rows and
tells all others (replicated); nodes of several machines may do otherwise, such as with a store of keys that all of them
watch.

Way:      sm.open_session … → [Directory] → the rows that every node reads
OTP:      cf. the backends of ejabberd_sm (mnesia, redis, sql)
Process:  called by the c2s that owns the session
"""

from __future__ import annotations

from typing import Protocol

from xmppd.routing.session import Session


class Directory(Protocol):
    """What a session's c2s may ask. Nothing here fails because another node does: one that does not answer is not
    waited for long."""

    async def open(self, session: Session) -> Session | None:
        """Enter a session. Returns the one that had its full JID until now and has been told to go, if any."""

    async def change(self, session: Session, *, everywhere: bool = False) -> tuple[str, ...]:
        """The session's new row; ignored if a newer session has its place. With `everywhere` no node sees the old row
        when this returns: of two that say so at the same moment on different nodes, the later sees the earlier.
        It returns those at which what was sent to the account before may be under way still."""

    async def close(self, session: Session) -> None:
        """Take a session out. When this returns all that any node has sent to it is in its mailbox, and nothing comes
        after it. It counts as leaving until `left`: senders with more for its account wait."""

    async def settle(self, session: Session) -> None:
        """The session, which is leaving, has sent on what it had: when this returns, that has come to where it went.
        If its process is killed before `settled`, it is lost there all the same, and who has copies sends them anew."""

    def settled(self, session: Session) -> None:
        """What it has sent on is safe."""

    def left(self, session: Session) -> None:
        """The session has left: those that wait for it may go on, on all nodes."""

    async def claim(self, session: Session) -> bool:
        """Whether this session alone, of all nodes, hands over what is stored for its account, until `release` or its
        end."""

    def release(self, session: Session) -> None:
        """Others may hand over what is stored."""
