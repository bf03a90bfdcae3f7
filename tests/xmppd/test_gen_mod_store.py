"""What a configuration says of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppd import gen_mod_store
from xmppd.config.load import load
from xmppd.config.schema import Config
from xmppd.store.backend import StoreConfig


def config(home: Path, **flags: str) -> Config:
    return load(None, home, {}, {f"store.{name}": text for name, text in flags.items()})


def test_a_module_that_is_switched_off_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "xmppd.toml").write_text("[modules]\nmod_vcard = false\n")
    found = config(tmp_path)
    running = [schema.owner for schema in gen_mod_store.schemas(found)]
    assert running[0] == "auth"
    assert "mod_roster" in running
    assert "mod_vcard" not in running
    known = [schema.owner for schema in gen_mod_store.known_schemas(found, ["mod_vcard", "mod_ping", "mod_roster"])]
    assert known == [*running, "mod_vcard"]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, ("sqlite", "data/xmppd.sqlite3", "full", 4, 1.0)),
        ({"durability": "normal", "slow_seconds": "0"}, ("sqlite", "data/xmppd.sqlite3", "normal", 4, 0.0)),
        ({"backend": "postgres", "url": "dbname=x", "pool": "7"}, ("postgres", "", "full", 7, 1.0)),
    ],
)
def test_the_section_is_what_the_store_gets(tmp_path: Path, flags: dict[str, str], wanted: tuple[str, ...]) -> None:
    backend, path, *rest = wanted
    place = str(tmp_path / path) if path else flags["url"]
    assert gen_mod_store.store_config(config(tmp_path, **flags)) == StoreConfig(backend, place, *rest)  # type: ignore[arg-type]
