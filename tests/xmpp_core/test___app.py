"""test___app — the application resource names every module there is.

OTP:  app(4), modules
"""

import tomllib
from pathlib import Path

from xmpp_core import ns

ROOM = Path(ns.__file__).parent


def test_the_resource_lists_all_modules_and_starts_nothing() -> None:
    resource = tomllib.loads((ROOM / "xmpp_core.app.toml").read_text())
    files = [p for p in ROOM.rglob("*.py") if p.name != "__init__.py"]
    modules = sorted(".".join(p.relative_to(ROOM.parent).with_suffix("").parts) for p in files)
    assert sorted(resource["modules"]) == modules
    assert (resource["name"], resource["vsn"]) == ("xmpp_core", "0.1.0")
    assert resource["applications"] == ["kernel", "stdlib"]
    assert "mod" not in resource  # a library application
