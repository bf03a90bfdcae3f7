"""sm_messages — what the c2s processes ask of the session manager of their node, and what those of all nodes say.

Way:      sm → [Open, Change, Close] → sm_server → [Put, Drop, Hello] → sm_server of the other nodes → [Heard] → c2s
OTP:      the records of ejabberd_sm and of Mnesia's replication
"""

from __future__ import annotations

from dataclasses import dataclass

from otp.erts.pid import Pid
from otp.kernel import codec
from xmppd.routing.session import Session

Rows = tuple[Session, ...]

# --- requests of this node's c2s processes


@dataclass(frozen=True, slots=True)
class Open:
    """A call; the answer is the session that had this full JID until now, if any."""

    session: Session


@dataclass(frozen=True, slots=True)
class Change:
    """A call: the session's new row (same sid); ignored if the session is not there any more.

    With `answer`, the result is how many nodes will send Heard to its c2s.
    """

    session: Session
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """A call: the session is over; the answer is how many nodes will send Heard to its c2s."""

    session: Session


# --- between the sm processes of the nodes


@codec.message
@dataclass(frozen=True, slots=True)
class Put:
    """A session of the sender's node is so from now on; with `answer`, its c2s wants to know when it is heard."""

    session: Session
    answer: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class Drop:
    """A session of the sender's node is over, and what is in its mailbox goes elsewhere: with `ticket`, it is marked as
    leaving until Unmark."""

    session: Session
    ticket: int = 0


@codec.message
@dataclass(frozen=True, slots=True)
class Heard:
    """To the c2s of a session: the sender's node knows how it is now, and what it sent before has come.

    `over`: it answers Drop, not Put.
    """

    over: bool


@codec.message
@dataclass(frozen=True, slots=True)
class Hello:
    """The sm of another node introduces itself with all sessions of its node; asks for ours if it is new here.

    `lost`: ours were given up there while the two were cut off from each other.
    """

    pid: Pid
    sessions: Rows
    os_pid: int = 0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """To ourselves: who saw the sessions of this node has been told that they are gone."""

    name: str
    creation: int


class GiveUp:
    """Those who have not said Hello by now are not waited for."""
