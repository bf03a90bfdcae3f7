"""c2s_data — what a client's stream is told by the configuration, and what it remembers.

Way:      sup makes one Settings per listener; each stream/c2s keeps one Data
OTP:      the record #state of ejabberd_c2s.erl; what modules must remember is in the session, under their own names
"""

from __future__ import annotations

from dataclasses import dataclass

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.timer import TimerRef
from xmpp_core.bind import Policy
from xmpp_core.parser import AFTER_AUTH, Limits
from xmpp_core.sasl.base import Mechanism
from xmpp_core.stream_state import StateName, StreamConfig, StreamState
from xmppd.auth.throttle import Throttle
from xmppd.net.acceptor import Endpoint
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import Transport
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class Settings:
    """One listener's rules for its clients.

    `stream` are the rules of the stream machine, `tls` the hosts' contexts (None: no TLS); `limits` hold after login;
    `negotiation` is the time in seconds from accept to an open session; `throttle` counts failed logins by address and
    by account (None: no limit); `iterations` is what the server's SCRAM keys have.
    """

    stream: StreamConfig
    tls: TlsContexts | None = None
    limits: Limits = AFTER_AUTH
    negotiation: float = 30.0
    throttle: Throttle | None = None
    iterations: int = 4096
    policy: Policy = Policy.ACCEPTNEW


@dataclass(frozen=True, slots=True)
class ReceiverEnded:
    """The stream's receiver is gone, and with it whatever the client might still say."""

    reason: object


@dataclass(slots=True, eq=False)
class Data:
    """One stream's memory.

    `pid` is the stream's own process; `fsm` the pure machine's memory; `seq` the batch in hand; `how` the mechanism of
    the login; `session` is there once bound; `ending` is why the stream ended, in the words of the log.
    """

    settings: Settings
    endpoint: Endpoint
    fsm: StreamState
    pid: Pid
    timer: TimerRef | None = None
    mechanism: Mechanism | None = None
    how: str = ""
    session: C2sSession | None = None
    lang: str = ""
    ending: str = ""
    seq: int = 0
    more: bool = False
    said_goodbye: bool = False

    def receiver_ended(self, reason: object) -> None:
        """To be called when it has: tells the stream. A watch costs a third of what a monitor does."""
        process.send(self.pid, ReceiverEnded(reason))

    @property
    def transport(self) -> Transport:
        """Where to write."""
        return self.endpoint.transport

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
