"""saved_session — a session as a value: what it takes to go on with it in another process, on another worker or after
a restart.

Way:      c2s → session_moves.save → [SavedSession] → a module that keeps it, or the c2s of another worker (Surrender)
          → session_moves.reopened → c2s
OTP:      cf. the state that mod_stream_mgmt of ejabberd copies from one c2s to the next; code_change
XEP:      0198 §5 (all that the session was is there after a resume)
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any

from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core.jid import JID
from xmppd.routing.session import Pairs, Session


@codec.message
@dataclass(frozen=True, slots=True)
class SavedSession:
    """The row, what belongs to the stream, and of each module what it wants to find again (SessionSavedHook): `states`
    by the module's name, of types that cross between nodes. `sid`: of two values of one session that with the higher
    one is newer. `stream_id` opens the session to who knows it, so it is not printed.
    """

    jid: JID
    stream_id: str = field(repr=False)
    sid: tuple[int, int] = (0, 0)
    lang: str = ""
    safe: bool = True
    info: Pairs = ()
    client: str = ""
    priority: int | None = None
    interested: bool = False
    published: tuple[tuple[str, Any], ...] = ()
    states: dict[str, Any] = field(default_factory=dict, repr=False)

    def encode(self) -> bytes:
        """As octets. Raises CodecError if a module has saved what may not cross between nodes."""
        return codec.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> SavedSession:
        """The inverse. Raises MalformedFrame, UnknownClass."""
        found = codec.decode(data)
        if type(found) is not cls:
            raise codec.MalformedFrame(f"a {type(found).__name__} and no session")
        return found


@codec.message
@dataclass(frozen=True, slots=True)
class Surrender:
    """To the c2s of a session, as a synchronous event, from the c2s of a stream that resumes it on another node: the
    answer is the SavedSession. Then that session waits until it is replaced by the asker's, and sends on to it all that
    still comes; if the asker ends before, it goes on. None: it has not this id, or does not outlive its connection.
    """

    by: Pid
    stream_id: str = field(repr=False)

    def is_for(self, row: Session) -> bool:
        """Whether it names this session."""
        return bool(row.stream_id) and hmac.compare_digest(row.stream_id.encode(), self.stream_id.encode())


@dataclass(frozen=True, slots=True)
class Orphan:
    """A session without a process, and the seconds that it waits for its client."""

    saved: SavedSession
    seconds: float
