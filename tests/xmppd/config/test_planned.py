"""test_planned — modules of other servers that are not there yet.

Way:  xmppd.config.planned
"""

from __future__ import annotations

import pkgutil

from xmppd import mods
from xmppd.config.planned import PLANNED


def test_none_of_them_is_there() -> None:
    assert not PLANNED & {found.name for found in pkgutil.iter_modules(mods.__path__)}
