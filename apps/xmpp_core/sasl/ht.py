"""ht — the HT mechanisms: a login by a token that the server has given out before, in one message.

Way:      c2s → [step] → NeedTokens → c2s asks the modules → [answer] → Success or Failure
XEP:      0484 §3.4
RFC:      draft-schmaus-kitten-sasl-ht (the message and its answer)
"""

from __future__ import annotations

import hmac
from typing import Final

from xmpp_core.sasl.base import Answer, Challenge, Failure, NeedTokens, SaslContext, SaslError, Step, Success, account

#: with the certificate of the server in the proof, and without
MECHANISMS: Final = ("HT-SHA-256-ENDP", "HT-SHA-256-NONE")
_LONGEST: Final = 4096


def is_bound(name: str) -> bool:
    """Whether the mechanism proves that both ends have the same TLS connection."""
    return not name.endswith("-NONE")


def proof(token: bytes, binding: bytes) -> bytes:
    """What a client sends that has the token."""
    return hmac.digest(token, b"Initiator" + binding, "sha256")


def counter_proof(token: bytes, binding: bytes) -> bytes:
    """What the server answers: it has the token as well."""
    return hmac.digest(token, b"Responder" + binding, "sha256")


class Ht:
    """One exchange: `user name NUL proof`, once."""

    def __init__(self, context: SaslContext, name: str) -> None:
        self.name = name
        self._context = context
        self._username: str | None = None
        self._proof = b""

    def step(self, data: bytes | None) -> Step:
        """The wish for the account's tokens."""
        if data is None:
            return Challenge(b"")
        name, nul, self._proof = data[:_LONGEST].partition(b"\0")
        if not nul or self._username is not None:
            return Failure("malformed-request", self._username)
        try:
            self._username = account(name.decode(), self._context.host)
        except UnicodeDecodeError:
            return Failure("malformed-request")
        except SaslError as error:
            return Failure(error.condition)
        return NeedTokens(self._username, self.name)

    def answer(self, found: Answer) -> Step:
        """Success if one of the tokens fits the proof; each is compared, in constant time."""
        tokens = found if isinstance(found, tuple) else ()
        binding = (self._context.channel_binding or b"") if is_bound(self.name) else b""
        fits = [token for token in tokens if hmac.compare_digest(proof(token, binding), self._proof)]
        if self._username is None or not fits:
            return Failure("credentials-expired", self._username)
        return Success(self._username, counter_proof(fits[0], binding), fits[0])
