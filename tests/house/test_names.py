"""test_names — no registered name twice, and each name stands in its application's resource file."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP_FILES = sorted([*(ROOT / "otp").rglob("*.app.toml"), *(ROOT / "apps").rglob("*.app.toml")])


def test_no_registered_name_twice() -> None:
    names: Counter[str] = Counter()
    for path in APP_FILES:
        names.update(tomllib.loads(path.read_text()).get("registered", []))
    assert names, "no application registers a name?"
    assert [n for n, count in names.items() if count > 1] == []


def test_app_files_name_modules_that_exist() -> None:
    for path in APP_FILES:
        spec = tomllib.loads(path.read_text())
        for module in spec.get("modules", []):
            parts = module.split(".")
            base = ROOT if parts[0] == "otp" else ROOT / "apps"
            assert base.joinpath(*parts).with_suffix(".py").is_file() or base.joinpath(*parts).is_dir(), module
