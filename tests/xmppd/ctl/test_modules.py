"""test_modules — the modules there are.

Way:  xmppd.ctl.modules
"""

from __future__ import annotations

from xmppd.config.schema import DEFAULT_MODULES
from xmppd.ctl.modules import known_modules


def test_every_default_module_exists_with_its_options() -> None:
    known = known_modules()
    assert set(DEFAULT_MODULES) <= set(known)
    assert "max_name" in known["mod_roster"]
