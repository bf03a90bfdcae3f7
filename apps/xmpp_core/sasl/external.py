"""external — SASL EXTERNAL: the client has shown who it is before, by a certificate in the TLS handshake.

Way:      c2s (who the certificate is for) → [step] → NeedAccount → c2s asks auth → [answer]
RFC:      4422 appendix A; 6120 §6.3.8 (authorisation identity), §13.7.1.4
XEP:      0178 §2
"""

from __future__ import annotations

from xmpp_core.jid import JID, JidError
from xmpp_core.sasl.base import Answer, Challenge, Failure, NeedAccount, SaslContext, SaslError, Step, Success


class External:
    """One EXTERNAL exchange: the message is an authorisation identity, or empty."""

    name = "EXTERNAL"

    def __init__(self, context: SaslContext) -> None:
        self._context = context
        self._username: str | None = None

    def step(self, data: bytes | None) -> Step:
        """An empty challenge if the client has sent nothing yet, else whether there is the account."""
        if data is None:
            return Challenge(b"")
        try:
            self._username = choose(data, self._context.host, self._context.identities)
        except SaslError as error:
            return Failure(error.condition)
        return NeedAccount(self._username)

    def answer(self, found: Answer) -> Step:
        """Success if there is such an account."""
        if found is True and self._username is not None:
            return Success(self._username)
        return Failure("not-authorized", self._username)


def choose(data: bytes, host: str, identities: tuple[str, ...]) -> str:
    """Whom a client may be that says `data`, and whose certificate is for `identities`, localparts of `host`.

    Raises SaslError. XEP: 0178 §2, step 11
    """
    if not identities:
        raise SaslError("not-authorized")
    if not data:
        if len(identities) > 1:
            raise SaslError("invalid-authzid")
        return identities[0]
    try:
        jid = JID.parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SaslError("malformed-request") from error
    except JidError as error:
        raise SaslError("invalid-authzid") from error
    if jid.domain != host or jid.resource or jid.local not in identities:
        raise SaslError("invalid-authzid")
    return jid.local
