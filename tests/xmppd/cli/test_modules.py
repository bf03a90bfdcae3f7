"""test_modules — the modules there are.

Way:  xmppd.cli.modules
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppd.cli import modules
from xmppd.cli.modules import known_modules
from xmppd.config.load import load
from xmppd.config.schema import ALL_MODULES


def test_every_default_module_exists_with_its_options() -> None:
    known = known_modules()
    assert set(ALL_MODULES) <= set(known)
    assert "max_name" in known["mod_roster"]


def test_all_modules_and_each_one_are_explained(tmp_path: Path) -> None:
    config = load(None, tmp_path, {})
    every = modules.explain("modules", config)
    for name in modules.names():
        assert f"\n{name} " in f"\n{every}"
        for spelled in (name, f"modules.{name}"):
            text = modules.explain(spelled, config)
            assert text.startswith(f"{name}\n")
            assert all(f"option   {option} = " in text for option in modules.known_modules()[name])
    assert modules.explain("limits.rate", config) == ""
    with pytest.raises(KeyError, match="mod_offline"):
        modules.explain("mod_ofline", config)
