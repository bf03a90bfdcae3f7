"""service_fails — a service of the operator that gives no answer: the exception, and the line in the log.

OTP:      none
Way:      http_service, ldap_directory → [service_fails] → c2s (temporary-auth-failure), the log
RFC:      6120 §6.5.11
"""

from __future__ import annotations

import logging
from typing import Final

from otp.erts.clock import CLOCK
from xmppd.auth.auth_internal import AuthBusy

log = logging.getLogger("xmppd.auth")
#: seconds between two lines in the log about a service that fails
_TELL_EVERY: Final = 60.0


class ServiceFails(AuthBusy):
    """The service gives no answer that says anything: come back later (RFC 6120 §6.5.11)."""


class Failures:
    """Writes into the log that a service fails, once in a while."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at = float("-inf")

    def tell(self, host: str, error: ServiceFails) -> None:
        """The service of `host` has failed in this way."""
        now = CLOCK.monotonic()
        if now - self._at >= _TELL_EVERY:
            self._at = now
            log.warning("the service that knows the accounts of %s fails, logins are put off: %s", host, error)
