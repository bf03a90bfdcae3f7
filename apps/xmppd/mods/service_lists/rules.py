"""rules — whom a host talks to, by the lists of its administrators.

Way:      mod_service_lists → [rules]
XEP:      0133 §4.11, §4.12
Differs:  a blocked JID may be of this server too; who alone is allowed is asked of JIDs elsewhere only
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core.blocklist import is_blocked
from xmpp_core.jid import JID, JidError

BLOCKED: Final = "blocked"
ALLOWED: Final = "allowed"
ADMINS: Final = "admins"
LISTS: Final = (BLOCKED, ALLOWED, ADMINS)
#: JIDs of one list
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class ServiceLists:
    """Those of one host, JIDs as text: `blocked`, `allowed` (none: all are), `admins` beside the configuration's;
    `shut_out`: whether anybody is, which every stanza's handler asks."""

    blocked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    shut_out: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shut_out", bool(self.blocked or self.allowed))


NONE: Final = ServiceLists()


def refuses(lists: ServiceLists, other: JID, elsewhere: bool) -> bool:
    """Whether nothing passes between this host's accounts and `other`; `elsewhere`: it is of another server."""
    if is_blocked(lists.blocked, other):
        return True
    return elsewhere and bool(lists.allowed) and not is_blocked(lists.allowed, other)


def parsed(jids: list[str]) -> list[str]:
    """JIDs as they are compared, each once. Raises ValueError."""
    found: dict[str, None] = {}
    for text in jids:
        try:
            found[JID.parse(text.strip()).full] = None
        except JidError as error:
            raise ValueError(f"{text} is no address: {error}") from None
    if len(found) > MOST:
        raise ValueError(f"more than {MOST} addresses")
    return list(found)
