"""words — whom an operator means: a JID, an address, a port.

OTP:      none
Way:      inspect.plugin, inspect.chart → [words]
Process:  none; pure
"""

from __future__ import annotations

import ipaddress
from typing import Final

#: why nothing is broken on a production node
PRODUCTION: Final = 'this is a production node; see [node] profile = "development", or start --dev'


def is_jid(word: str) -> bool:
    """Whether a JID is meant."""
    return "@" in word


def is_address(word: str) -> bool:
    """Whether an IP address is meant, or a port that is listened on (":5222")."""
    if is_port(word):
        return True
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def is_port(word: str) -> bool:
    """Whether a port is written there, as ":5222"."""
    return word.startswith(":") and word[1:].isdigit()
