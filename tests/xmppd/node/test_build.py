"""test_build — which build it is, where there is one."""

from __future__ import annotations

from pathlib import Path

from xmppd.node.build import build


def test_what_make_rel_wrote_is_told(tmp_path: Path) -> None:
    assert build(str(tmp_path / "env")) == ""
    (tmp_path / "build").write_text("2026-11-28 17:40:00 abc1234\n")
    assert build(str(tmp_path / "env")) == "2026-11-28 17:40:00 abc1234"
