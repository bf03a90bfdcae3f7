"""plain — SASL PLAIN: the password itself, so under TLS only.

Way:      c2s → [step] → NeedPasswordCheck → c2s asks auth → [answer]
RFC:      4616; 6120 §13.8 (TLS), §6.3.8 (authorisation identity)
"""

from __future__ import annotations

from xmpp_core.sasl.base import (
    Answer,
    Challenge,
    Failure,
    NeedPasswordCheck,
    SaslContext,
    SaslError,
    Step,
    Success,
    account,
    check_authzid,
)


class Plain:
    """One PLAIN exchange: `[authzid] NUL authcid NUL password`."""

    name = "PLAIN"

    def __init__(self, context: SaslContext) -> None:
        self._context = context
        self._username: str | None = None

    def step(self, data: bytes | None) -> Step:
        """An empty challenge if the client sent nothing yet, else the wish for a password check."""
        if data is None:
            return Challenge(b"")
        try:
            return self._read(data)
        except SaslError as error:
            return Failure(error.condition, self._username, error.text)

    def answer(self, found: Answer) -> Step:
        """Success if the check said True."""
        if found is True and self._username is not None:
            return Success(self._username)
        return Failure("not-authorized", self._username)

    def _read(self, data: bytes) -> Step:
        try:
            fields = data.decode("utf-8").split("\0")
        except UnicodeDecodeError as error:
            raise SaslError("malformed-request") from error
        if len(fields) != 3 or not fields[1] or not fields[2]:
            raise SaslError("malformed-request")
        authzid, authcid, password = fields
        self._username = account(authcid, self._context.host)
        check_authzid(authzid, self._username, self._context.host)
        return NeedPasswordCheck(self._username, password)
