"""sm_section — the keys of stream management: `[sm]`.

Way:      config.schema → [sm_section]; mod_stream_management reads it
XEP:      0198
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from xmpp_core import prep
from xmppd.config.kinds import Number, Text
from xmppd.config.setting import setting


def location(text: str) -> str:
    """Check a place for `<enabled location=…/>`: host:port, an IPv6 address in brackets. XEP-0198 §3"""
    host, _, port = text.rpartition(":")
    try:
        if not text:
            return text
        if host.startswith("[") and host.endswith("]"):
            ipaddress.IPv6Address(host[1:-1])
        elif ":" in host or not host:
            raise ValueError
        else:
            prep.domain(host)
        if not 0 < int(port) < 65536:
            raise ValueError
    except (ValueError, prep.PrepError):
        raise ValueError(f'must be HOST:PORT, an IPv6 address in brackets, not "{text}"') from None
    return text


@dataclass(frozen=True)
class SmSection:
    """`[sm]`: stream management (XEP-0198)."""

    hibernation: int = setting(
        600,
        Number(0, 604800, unit="seconds"),
        "how long a session whose connection is lost waits for its client; 0: it does not",
    )
    detached: int = setting(
        3, Number(1, 1000), "sessions of one account that may wait for their clients; the oldest gives way"
    )
    queue_stanzas: int = setting(
        1000,
        Number(10, 100000),
        "stanzas that may come for a client that is away, and a quarter of those that one that is there may leave "
        "unacknowledged",
    )
    queue_bytes: int = setting(1048576, Number(65536, unit="bytes"), "their size, likewise")
    location: str = setting(
        "",
        Text("HOST:PORT", location, empty=True),
        "where clients are to come back to, HOST:PORT; empty: as they came the first time",
    )
