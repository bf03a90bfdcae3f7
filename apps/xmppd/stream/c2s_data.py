"""c2s_data — what a client's stream is told by the configuration, and what it remembers.

Way:      sup makes one Settings per listener; each stream/c2s keeps one Data
OTP:      the record #state of ejabberd_c2s.erl; what modules must remember is in the session, under their own names
"""

from __future__ import annotations

from dataclasses import dataclass

from otp.erts.timer import TimerRef
from xmpp_core.bind import Policy
from xmpp_core.parser import AFTER_AUTH, Limits
from xmpp_core.sasl.base import Mechanism
from xmpp_core.stream_state import StateName, StreamConfig, StreamState
from xmppd.auth.throttle import Throttle
from xmppd.net.connection import Connection
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class Settings:
    """One listener's rules for its clients.

    `stream` are the rules of the stream machine; `limits` hold after login; `negotiation` is the time in seconds from
    accept to an open session; `throttle` counts failed logins by address and by account (None: no limit); `iterations`
    is what the server's SCRAM keys have.
    """

    stream: StreamConfig
    limits: Limits = AFTER_AUTH
    negotiation: float = 30.0
    throttle: Throttle | None = None
    iterations: int = 4096
    policy: Policy = Policy.ACCEPTNEW


@dataclass(slots=True, eq=False)
class Data:
    """One stream's memory.

    `fsm` is the pure machine's memory; `seq` the batch in hand; `how` the mechanism of the login; `session` is there
    once bound; `ending` is why the stream ended, in the words of the log.
    """

    settings: Settings
    connection: Connection
    fsm: StreamState
    timer: TimerRef | None = None
    mechanism: Mechanism | None = None
    how: str = ""
    session: C2sSession | None = None
    lang: str = ""
    ending: str = ""
    seq: int = 0
    more: bool = False

    @property
    def host(self) -> str:
        """The host of the stream, "" before its first header."""
        return self.fsm.host

    @property
    def safe(self) -> bool:
        """Whether passwords may be sent: the stream has TLS, or its listener does without."""
        return self.fsm.tls or self.settings.stream.plain_without_tls

    @property
    def name(self) -> str:
        """The state's name, as gen_fsm calls it."""
        return self.fsm.name.value

    @property
    def over(self) -> bool:
        """True once the stream machine has come to its end."""
        return self.fsm.name is StateName.CLOSED
