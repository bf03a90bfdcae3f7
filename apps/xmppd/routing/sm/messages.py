"""messages — the requests of c2s processes to the session manager, and what the session managers tell each other.

Way:      sm → [RegisterSession, UpdateSession, UnregisterSession] → session_table → [Upsert, Delete, SmHello] →
          session_table of the other nodes → [Ack] → c2s
OTP:      the records of ejabberd_sm and of Mnesia's replication
"""

from __future__ import annotations

from dataclasses import dataclass

from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core.jid import JID
from xmppd.routing.session import Session
from xmppd.routing.sm.rows import Rows

# --- requests of this node's c2s processes


@dataclass(frozen=True, slots=True)
class RegisterSession:
    """A call; the answer is the session that had this full JID until now, if any."""

    session: Session


@dataclass(frozen=True, slots=True)
class UpdateSession:
    """A call: the session's new row (same sid); ignored if the session is not there any more.

    With `answer`, the result is how many nodes will send Ack to its c2s.
    """

    session: Session
    answer: bool = False


@dataclass(frozen=True, slots=True)
class UnregisterSession:
    """A call: the session is over; the answer is how many nodes will send Ack to its c2s."""

    session: Session


# --- between the sm processes of the nodes


@codec.message
@dataclass(frozen=True, slots=True)
class Upsert:
    """A session of the sender's node is so from now on; with `answer`, its c2s wants to know when it is heard.

    `number` counts the news of a node: each Upsert and Delete is one more than the one before.
    """

    session: Session
    number: int
    answer: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class Delete:
    """A session of the sender's node is over, and what is in its mailbox goes elsewhere: with `ticket`, it is flagged
    as leaving until ClearFlag."""

    jid: JID
    pid: Pid
    number: int
    ticket: int = 0


@codec.message
@dataclass(frozen=True, slots=True)
class ProcessLost:
    """To the sm of every other node: a c2s was killed with what it had, in session or while it was leaving. It comes
    before the Delete, or the ClearFlag, of the same."""

    pid: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class Ack:
    """To the c2s of a session: the sender's node knows how it is now, and what it sent before has come.

    `over`: it answers Delete, not Upsert. `unsettled`: the node, if what came there for the account before may be under
    way still.
    """

    over: bool
    unsettled: str = ""


@codec.message
@dataclass(frozen=True, slots=True)
class SmHello:
    """The sm of another node introduces itself with all sessions of its node; asks for ours if it is new here.

    `number`: that of its last news; `machine` and `os_pid`: where the node runs; `lost`: ours were given up there while
    the two were cut off from each other.
    """

    pid: Pid
    sessions: Rows
    number: int
    machine: str = ""
    os_pid: int = 0
    lost: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class SmAgain:
    """News of yours have not come here: say SmHello again, to this sm."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class LossAnnounced:
    """To ourselves: those who saw the sessions of this node have been told that they are gone."""

    name: str
    creation: int


class StopWaiting:
    """Those who have not said SmHello by now are not waited for."""
