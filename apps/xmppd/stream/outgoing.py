"""outgoing — the interface of streams that we open: to another server, for one pair of domains.

OTP:      cf. xmpp_stream_out.erl, whose callback module is ejabberd_s2s_out
Way:      a stanza for a domain of another server → [outgoing] → net.connection
RFC:      6120 §4.2 (the initiating entity), §13.9 (who it is connected to)
Differs:  an interface only: federation is its first user, and builds the driver. A stream that is accepted is
          stream.driver's
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmppd.net.connection import Connection, Header


class OutgoingStream(Protocol):
    """What the driver of a stream that we open asks of its kind.

    The driver connects, sends the header, hands on what comes back, keeps what is to be sent while it is negotiated
    (bounded in bytes and in time), and sends it back to its senders if there will be no stream.
    """

    def connect(self) -> Awaitable[Connection]:
        """A connection to the next address of the peer that may work. Raises OSError when there is none left."""

    def header(self) -> Header:
        """Ours: from which domain, to which."""

    def features(self, features: Element) -> Awaitable[bool]:
        """The peer offers these: take the next step (TLS, login). True when stanzas may be sent."""

    def heard(self, element: Element) -> Awaitable[bool]:
        """An answer to a step; True when stanzas may be sent."""

    def ended(self, error: StreamError | None) -> None:
        """The peer has closed the stream, or the connection is lost: what waits is to be given back or tried again."""
