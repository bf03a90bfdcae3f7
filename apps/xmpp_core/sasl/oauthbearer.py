"""oauthbearer — SASL OAUTHBEARER: a token of OAuth instead of a password, so under TLS only.

Way:      c2s → [step] → NeedOwner → c2s asks auth → [answer]
RFC:      7628 §3 (grammar), §4 (examples); 6750 §2.1 (tokens); 5801 §4 (the header)
"""

from __future__ import annotations

import re

from xmpp_core.sasl.base import (
    Answer,
    Challenge,
    Failure,
    NeedOwner,
    SaslContext,
    SaslError,
    Step,
    Success,
    check_authzid,
)

#: what a client is told in the last challenge. RFC: 7628 §3.2.2
REFUSED = b'{"status":"invalid_token"}'
#: `client-resp` of §3.1: the header, and pairs whose values are VCHAR, SP, HTAB, CR and LF
_MESSAGE = re.compile(r"[ny],(?:a=([^,\x01\0]+))?,\x01((?:[A-Za-z]+=[\x20-\x7e\t\r\n]*\x01)*)\x01")
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*) *")


class OAuthBearer:
    """One OAUTHBEARER exchange; a token that is not good is told in a challenge, which the client has to answer."""

    name = "OAUTHBEARER"

    def __init__(self, context: SaslContext) -> None:
        self._context = context
        self._authzid = ""
        self._refused = False

    def step(self, data: bytes | None) -> Step:
        """The wish to know whose token it is; after a refusal the end, whatever the client says."""
        if self._refused:
            return Failure("not-authorized")
        if data is None:
            return Challenge(b"")
        try:
            self._authzid, token = read(data)
        except SaslError as error:
            return Failure(error.condition)
        return NeedOwner(token) if token else self._refuse()

    def answer(self, found: Answer) -> Step:
        """Success as the owner of the token."""
        if not isinstance(found, str) or not found:
            return self._refuse()
        try:
            check_authzid(self._authzid, found, self._context.host)
        except SaslError as error:
            return Failure(error.condition, found)
        return Success(found)

    def _refuse(self) -> Challenge:
        self._refused = True
        return Challenge(REFUSED)


def read(data: bytes) -> tuple[str, str]:
    """The authorisation identity and the token of a client's message, "" where there is none. Raises SaslError."""
    try:
        message = _MESSAGE.fullmatch(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SaslError("malformed-request") from error
    if message is None:
        raise SaslError("malformed-request")
    name = message[1] or ""
    if re.search("=(?!2C|3D)", name):
        raise SaslError("malformed-request")
    told = [pair.split("=", 1) for pair in message[2].split("\x01") if pair]
    pairs = dict(told)
    if len(pairs) < len(told):  # which of two tokens would be meant?
        raise SaslError("malformed-request")
    bearer = _BEARER.fullmatch(pairs.get("auth", ""))
    return name.replace("=2C", ",").replace("=3D", "="), bearer[1] if bearer else ""
