"""test_names — no registered name twice, and each name stands in its application's resource file."""

from __future__ import annotations

import dataclasses
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from otp.kernel.kernel_app import KernelSup
from xmppd.config.load import load
from xmppd.node.parent_state import Parent
from xmppd.parent_sup import ParentSup
from xmppd.sup import XmppdSup

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


def children(sup: Any, *args: Any) -> set[str]:
    """The ids of a supervisor's children: here they are also their registered names."""
    return {str(spec.id) for spec in sup.init(*args)[1]}


def registered(app: str) -> set[str]:
    (path,) = [path for path in APP_FILES if path.name == f"{app}.app.toml"]
    return set(tomllib.loads(path.read_text())["registered"])


def test_the_names_of_the_trees_stand_in_the_resource_files(tmp_path: Path) -> None:
    config = load(None, tmp_path, {}, {"workers": "1"})
    clear = dataclasses.replace(config, listen=tuple(dataclasses.replace(one, tls="off") for one in config.listen))
    assert registered("xmppd") == {"xmppd_sup", "tls", "keepalive"} | children(XmppdSup(), clear, {})
    assert registered("xmppd_main") == {"parent_sup"} | children(ParentSup(), Parent(config, None, {}, []))
    env = {"run_dir": tmp_path, "cookie": b"", "nodes": ("main",), "global": True}
    assert registered("kernel") == {"kernel_sup"} | children(KernelSup(), env)
