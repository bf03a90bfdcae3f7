"""stream_state — what the stream machine remembers, and what it is told by the configuration.

Way:      c2s keeps one StreamState a stream; stream_fsm makes the next one
RFC:      6120 §4
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.sasl import mechanisms


class StateName(StrEnum):
    """ejabberd_c2s' state names; CLOSED is its `stop`."""

    WAIT_FOR_STREAM = "wait_for_stream"
    WAIT_FOR_AUTH = "wait_for_auth"
    WAIT_FOR_FEATURE_REQUEST = "wait_for_feature_request"
    WAIT_FOR_SASL_RESPONSE = "wait_for_sasl_response"
    WAIT_FOR_BIND = "wait_for_bind"
    WAIT_FOR_SESSION = "wait_for_session"
    SESSION_ESTABLISHED = "session_established"
    WAIT_FOR_RESUME = "wait_for_resume"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One listener's rules.

    hosts: served domains, prepared. tls: "required" (STARTTLS before anything), "optional",
    "direct" (on from the first byte), "off". mechanisms: enabled SASL names without -PLUS;
    of_host: those of hosts that have others. max_failures: failed logins a stream may have before
    it is closed (RFC 6120 §6.4.5: 2 to 5).
    """

    hosts: Container[str]
    tls: str = "required"
    mechanisms: tuple[str, ...] = mechanisms.NAMES
    plain_without_tls: bool = False
    legacy_auth: bool = False
    max_failures: int = 5
    of_host: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def enabled(self, host: str) -> tuple[str, ...]:
        """The SASL names that are enabled for a host, without -PLUS."""
        return self.of_host.get(host, self.mechanisms)


@dataclass(slots=True)  # a value all the same: to freeze it costs more than to make it, and each event makes one
class StreamState:
    """One stream. Begin with StreamState() or, for direct TLS, StreamState(tls=True, …).

    host: fixed by the first header. username: the verified localpart, "" before login.
    mechanism: the SASL exchange under way. jid: the bound address. iq: the request whose
    asynchronous answer is awaited. request: the <authenticate/> of the exchange, None for one of
    RFC 6120. hint: who the header says it is from, which nobody has verified.
    certificate: the client has shown one that is good.
    """

    name: StateName = StateName.WAIT_FOR_STREAM
    tls: bool = False
    channel_binding: bool = False
    host: str = ""
    failures: int = 0
    mechanism: str = ""
    username: str = ""
    jid: JID | None = None
    iq: Element | None = None
    request: Element | None = None
    hint: str = ""
    certificate: bool = False

    def but(self, **changes: Any) -> StreamState:
        """This state with other values in some fields. (dataclasses.replace takes many times as long.)"""
        return StreamState(**{**dict(zip(_FIELDS, _VALUES(self), strict=True)), **changes})

    def tls_missing(self, config: StreamConfig) -> bool:
        """Whether TLS must come before anything else."""
        return config.tls == "required" and not self.tls

    def legacy_offered(self, config: StreamConfig) -> bool:
        """Whether XEP-0078 is to be had: where configured, and under TLS only."""
        return config.legacy_auth and self.tls

    def offered(self, config: StreamConfig) -> tuple[str, ...]:
        """The SASL mechanisms of this stream's features; none while TLS is missing."""
        if self.tls_missing(config):
            return ()
        return mechanisms.offered(
            config.enabled(self.host),
            tls=self.tls,
            channel_binding=self.channel_binding,
            plain_without_tls=config.plain_without_tls,
            certificate=self.certificate,
        )


_FIELDS: Final = tuple(one.name for one in fields(StreamState))
_VALUES: Final = attrgetter(*_FIELDS)
