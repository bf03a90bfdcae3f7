"""anonymous — SASL ANONYMOUS: a guest, who gets a name of the server's for as long as the session lasts.

Way:      c2s → [step] → NeedGuest → c2s asks whoever lets guests in → [answer]
RFC:      4505 (trace information is looked at by nobody)
XEP:      0175
"""

from __future__ import annotations

from xmpp_core.sasl.base import Answer, Failure, NeedGuest, SaslContext, Step, Success

#: characters that a client may say of itself. RFC: 4505 §2
_LONGEST_TRACE = 255


class Anonymous:
    """One ANONYMOUS exchange: the client says nothing that counts, and the server gives it a name."""

    name = "ANONYMOUS"

    def __init__(self, context: SaslContext) -> None:
        self._context = context

    def step(self, data: bytes | None) -> Step:
        """The wish for a name; without an initial response as well, as XEP-0175 §4 shows it."""
        try:
            if len((data or b"").decode("utf-8")) > _LONGEST_TRACE:
                return Failure("malformed-request")
        except UnicodeDecodeError:
            return Failure("malformed-request")
        return NeedGuest()

    def answer(self, found: Answer) -> Step:
        """Success under the name that was found; "": no guest is let in now."""
        return Success(found) if isinstance(found, str) and found else Failure("temporary-auth-failure")
