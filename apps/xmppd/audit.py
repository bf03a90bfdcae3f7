"""audit — one line in the log for each thing that a person or an operator does, and how often each was done.

OTP:      cf. ejabberd's info lines ("Accepted/Failed c2s authentication for …") and mod_fail2ban
Way:      net, stream, mods, admin → [audit] → the log, logger `xmppd.audit`; counts → status
Process:  none; the counts are this worker's, since it began

A line says what was done, from where, to whom, and why not: never what was said, and no secret. What somebody chose (a
name, a resource) stands in quotes, escaped and cut, behind all that is ours, so that nobody writes a line's beginning:
rel/fail2ban/xmppd.conf reads these lines.

    login from 192.0.2.1: "alice@localhost", SCRAM-SHA-256, TLSv1.3
    login from 192.0.2.1 failed: not-authorized, "alice@localhost", PLAIN
"""

from __future__ import annotations

import ipaddress
import logging
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from otp.kernel import logger
from otp.kernel.logger import client_text
from xmppd import metrics

log = logging.getLogger("xmppd.audit")

#: how often each was done on this worker
COUNTS: Final[Counter[str]] = Counter()

#: who is told each line as well, while somebody traces
LISTENERS: Final[list[Callable[[str], object]]] = []

LOGIN: Final = "logins"
LOGIN_FAILED: Final = "failed logins"
REGISTERED: Final = "registrations"
NOT_REGISTERED: Final = "refused registrations"
PASSWORD: Final = "password changes"
REMOVED: Final = "removed accounts"
KICKED: Final = "kicks"
CLOSED: Final = "closed sessions"
HIBERNATED: Final = "hibernated sessions"
RESUMED: Final = "resumed sessions"
EXPIRED: Final = "expired sessions"
COMMAND: Final = "account commands"
ADMIN: Final = "commands over XMPP"
HANDSHAKE: Final = "given-up handshakes"
COMPONENT: Final = "component links"
COMPONENT_CLOSED: Final = "closed component links"
COMPONENT_REFUSED: Final = "refused component links"
VANISHED: Final = "clients without a sign of life"
UNAUTHENTICATED: Final = "closed unauthenticated"


metrics.counter(
    "xmppd_deeds_total", "what people and operators have done, as counted by `status`", lambda: dict(COUNTS), deed=()
)


def tell(deed: str, text: str, *chosen: str, level: int = logging.INFO) -> None:
    """Count `deed` and write the line: our `text`, then what people chose and what is known of it.

    The log keeps so many lines of one text in a while (otp.kernel.log_cap); this is one text each, so that it keeps all
    but those of a flood, which it counts.
    """
    COUNTS[deed] += 1
    enabled = log.isEnabledFor(level)
    if enabled or LISTENERS:
        line = ", ".join([text, *filter(None, chosen)])
        if enabled:
            logger.write(log, level, line)
        for listener in LISTENERS:
            listener(line)


def quoted(text: object) -> str:
    """What somebody chose, as it may stand in a line."""
    return client_text(str(text).replace('"', "'"))


def mechanism(name: str) -> str:
    """A SASL mechanism's name; in quotes unless it looks like one (RFC 4422 §3.1)."""
    plain = len(name) <= 20 and all(c.isascii() and (c.isupper() or c.isdigit() or c in "-_") for c in name)
    return name if plain else quoted(name)


@lru_cache(4096)
def address(ip: str) -> str:
    """An IP address as it is blocked: an IPv4 one mapped into IPv6 is itself, no zone; "-" for none."""
    try:
        parsed = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "-"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
