"""test_guests — a host for guests has the modules that keep nothing of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xmppd.config import guests
from xmppd.config.load import load
from xmppd.config.schema import DEFAULT_MODULES, Config, Paths


def test_nobody_has_guests_who_does_not_say_so() -> None:
    config = Config(paths=Paths(Path("nowhere")))
    assert guests.MODULE not in DEFAULT_MODULES
    assert not guests.has_guests(config.modules_of("localhost"))


def test_one_host_may_have_them_and_keeps_nothing(tmp_path: Path) -> None:
    file = tmp_path / "xmppd.toml"
    file.write_text(
        'hosts = ["a.x", "g.x"]\n'
        '[host."g.x".modules]\nmod_anonymous = { also = ["mod_pubsub"] }\n"acme.mod_tea" = {}\n',
        encoding="utf-8",
    )
    config = load(file, tmp_path, {})
    assert set(config.modules_of("a.x")) == set(DEFAULT_MODULES)
    found = config.modules_of("g.x")
    assert {"mod_anonymous", "mod_pubsub", "acme.mod_tea", "mod_presence", "mod_disco"} <= set(found)
    keepers = {"mod_roster", "mod_mam", "mod_offline", "mod_register", "mod_fast", "mod_stream_management"}
    assert not keepers & set(found)


@pytest.mark.parametrize("modules", [{}, {"mod_roster": {}, "mod_ping": {"interval": 3}}])
def test_other_hosts_have_all(modules: dict[str, dict[str, Any]]) -> None:
    assert guests.modules_for(modules) is modules


def test_all_that_are_named_exist() -> None:
    mods = Path(guests.__file__).parent.parent / "mods"
    assert {name for name in guests.KEEP_NOTHING if not (mods / f"{name}.py").is_file()} == set()
