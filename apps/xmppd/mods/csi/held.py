"""held — stanzas that wait, in the order in which they came: of those with one key the last.

Way:      inactive → [held]
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xmpp_core.stanza import Stanza
from xmppd.mods.csi.urgency import Key
from xmppd.routing.context import Context


@dataclass(frozen=True, slots=True)
class HeldStanza:
    """One that waits, with what is known of it beside; `size` in bytes; `since` when, in seconds since 1970."""

    stanza: Stanza = field(repr=False)
    size: int
    since: float
    context: Context | None = None
    others: tuple[str, ...] = ()


class HeldStanzas:
    """`octets`: of all that wait. Whoever puts looks at their number and size."""

    __slots__ = ("_serial", "_stanzas", "octets")

    def __init__(self) -> None:
        self._stanzas: dict[tuple[str, ...], HeldStanza] = {}
        self.octets = self._serial = 0

    def __len__(self) -> int:
        return len(self._stanzas)

    def put(self, key: Key, one: HeldStanza) -> bool:
        """Behind all others; whether one of the same key has gone for it. Without a key it replaces none."""
        if not key:
            self._serial += 1
            key = ("", str(self._serial))
        before = self._stanzas.pop(key, None)
        self._stanzas[key] = one
        self.octets += one.size - (before.size if before is not None else 0)
        return before is not None

    def take(self) -> list[HeldStanza]:
        """All of them, and none wait any more."""
        found, self._stanzas, self.octets = list(self._stanzas.values()), {}, 0
        return found
