"""issuer — who signs tokens for the accounts of a host, and what a token must be to open one.

OTP:      none
Way:      sup → [Issuer] → auth → auth_jwt
Process:  none: a value
RFC:      7519 §4.1 (issuer, audience), 8725 §3.1 (algorithms)
"""

from __future__ import annotations

from dataclasses import dataclass

from xmppd.auth.http_service import Endpoint


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer: where its keys are, and its name (iss); the algorithms that it may have; which claim is the account's
    name; a scope and an audience that a token must have ("": any will do); how many seconds pass at least between two
    looks at its keys, after which they are looked at anew."""

    endpoint: Endpoint
    name: str
    algorithms: tuple[str, ...]
    claim: str = "username"
    scope: str = ""
    audience: str = ""
    seconds: float = 300.0
