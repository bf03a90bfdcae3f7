"""test_version — the version is that of the distribution.

Way:  xmppd.node.version
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from xmppd.node.version import build, version


def test_it_is_what_importlib_says() -> None:
    assert version() == importlib.metadata.version("xmppd")


def test_where_nothing_is_installed(tmp_path: Path) -> None:
    (tmp_path / "xmppd_extra-9.dist-info").mkdir()
    assert version([str(tmp_path), str(tmp_path / "none")]) == "unknown"


def test_what_make_rel_wrote_is_told(tmp_path: Path) -> None:
    assert build(str(tmp_path / "env")) == ""
    (tmp_path / "build").write_text("2026-11-28 17:40:00 abc1234\n")
    assert build(str(tmp_path / "env")) == "2026-11-28 17:40:00 abc1234"
