"""base — what every SASL mechanism shares: its context, its answers, its refusals.

Way:      c2s → [mechanism.step] → outcome → c2s (looks up, answers the client)
RFC:      6120 §6 (conditions of §6.5), 4422
Differs:  a mechanism never looks anything up: it says what it needs and is told.

One exchange, as its driver sees it::

    mech = mechanisms.start("SCRAM-SHA-256", context)
    outcome = mech.step(initial_response)              # None when the client sent none
    while isinstance(outcome, Need):
        outcome = mech.answer(await look_up(outcome))  # ScramKeys|None, or bool, or tokens
    # outcome is now Challenge (send it, step with the response), Success or Failure

A mechanism object lives for one exchange and is thrown away at Success, Failure or <abort/>.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from xmpp_core.jid import JID, JidError

END_POINT = "tls-server-end-point"


@dataclass(frozen=True, slots=True)
class SaslContext:
    """What an exchange may know.

    host: the domain of the stream. secret: the server's own key, from which the salts of unknown
    users are derived (at least 16 bytes, stable over restarts). nonce: fresh printable text without
    commas, at least 128 bits, one per exchange. iterations: what `i=` says for unknown users; it must
    be what the server's accounts have. channel_binding: tls-server-end-point data of this connection,
    None without. plus_offered: whether the features named a -PLUS mechanism. offered: what they
    offered, as XEP-0474 writes it (mechanisms.list_of); empty where it is not to be told. identities:
    the prepared localparts of `host` for which the client has shown a certificate.
    """

    host: str
    secret: bytes = field(repr=False)
    nonce: str
    iterations: int = 4096
    channel_binding: bytes | None = None
    plus_offered: bool = False
    offered: bytes = b""
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What is stored of a password (RFC 5802 §3); never the password."""

    salt: bytes = field(repr=False)
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send `<challenge>` with this data (empty: `=` is not needed, the element is empty)."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Success:
    """The client is `username` (a prepared localpart). data goes into `<success>`, None: none. `token`: the one
    that it logged in by, where it was one."""

    username: str
    data: bytes | None = field(default=None, repr=False)
    token: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """Send `<failure>` with this condition (RFC 6120 §6.5). username: whom it tried to be, if known."""

    condition: str
    username: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class NeedKeys:
    """answer() wants the ScramKeys of username for hash_name ("SHA-1", "SHA-256", "SHA-512") or None."""

    username: str
    hash_name: str


@dataclass(frozen=True, slots=True)
class NeedPasswordCheck:
    """answer() wants True if the password is username's, else False (same cost for unknown users)."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"NeedPasswordCheck(username={self.username!r}, password=<hidden>)"


@dataclass(frozen=True, slots=True)
class NeedTokens:
    """answer() wants the tokens that username's client has for the mechanism; empty: none."""

    username: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class NeedAccount:
    """answer() wants True if username has an account, disabled or not."""

    username: str


@dataclass(frozen=True, slots=True)
class NeedOwner:
    """answer() wants the localpart whose token of OAuth it is, "" if it is not good."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NeedGuest:
    """answer() wants the localpart that a guest gets, "" if none is let in."""


Outcome = Challenge | Success | Failure
Need = NeedKeys | NeedPasswordCheck | NeedTokens | NeedAccount | NeedOwner | NeedGuest
Step = Outcome | Need
Answer = ScramKeys | bool | str | tuple[bytes, ...] | None


class Mechanism(Protocol):
    """One exchange. Neither method raises, whatever the client sent."""

    name: str

    def step(self, data: bytes | None) -> Step:
        """What the client's message (None: no initial response) leads to."""

    def answer(self, found: Answer) -> Step:
        """What the look-up asked for by NeedKeys or NeedPasswordCheck leads to."""


class SaslError(Exception):
    """Inside a mechanism only: the exchange fails with this condition."""

    def __init__(self, condition: str, text: str | None = None) -> None:
        super().__init__(condition)
        self.condition = condition
        self.text = text


def account(username: str, host: str) -> str:
    """The prepared localpart of username at host; SaslError not-authorized if it cannot be one."""
    try:
        jid = JID.parse(f"{username}@{host}")
    except JidError as error:
        raise SaslError("not-authorized") from error
    if not jid.local or jid.resource or jid.domain != host:
        raise SaslError("not-authorized")
    return jid.local


def check_authzid(authzid: str, username: str, host: str) -> None:
    """An authorisation identity is absent or the account's own bare JID (RFC 6120 §6.3.8)."""
    if not authzid:
        return
    try:
        jid = JID.parse(authzid)
    except JidError as error:
        raise SaslError("invalid-authzid") from error
    if (jid.local, jid.domain) != (username, host) or jid.resource:
        raise SaslError("invalid-authzid")
