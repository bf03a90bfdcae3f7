"""keeping — what is needed to hand a message to an archive: its number, its text, the key of the ids.

Way:      mod_mam → [keeping] → writer
Process:  none: called by the stages, on the loop's thread
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core.element import Element
from xmppd.archive import sequence
from xmppd.archive.ids import ArchiveIds
from xmppd.archive.tables import KEY, ArchiveKey
from xmppd.store import store
from xmppd.store.backend import Tx

_NAME: Final = "ids"
#: seconds by which the clock is behind, so that it must have been set
_SET_BACK: Final = 1.0


class _Here:
    """`last`: the greatest number that this node has given; `element`, `text`: what was written last."""

    last = 0
    element: Element | None = None
    text = ""


def next_number(last: int) -> int:
    """The number of a message that comes now, after one with the number `last` in its archive. No two are the same,
    whatever is remembered of an archive, and whichever worker gives them. If the clock has been set back, what other
    archives were given before does not count."""
    now = CLOCK.time_ns()
    if sequence.seconds(_Here.last) > now / 1e9 + _SET_BACK:
        _Here.last = 0
    number = sequence.following(now, max(last, _Here.last), sequence.lane_of(process.node()))
    _Here.last = number
    return number


def text_of(element: Element) -> str:
    """A message as it is kept. Both archives of a talk keep the same: it is written once for the two."""
    if _Here.element is not element:
        _Here.text = element.to_xml("")
        _Here.element = element
    return _Here.text


async def ids() -> ArchiveIds:
    """The ids of this database. Raises StoreError."""
    found = await store.read(KEY, (_NAME,))
    return _ids((found if found is not None else await store.transaction(_made)).value)


@lru_cache(maxsize=4)
def _ids(key: bytes) -> ArchiveIds:
    return ArchiveIds(key)


def _made(tx: Tx) -> ArchiveKey:
    found = tx.read(KEY, (_NAME,))
    if found is None:
        found = ArchiveKey(_NAME, secrets.token_bytes(32))
        tx.write(found)
    return found
