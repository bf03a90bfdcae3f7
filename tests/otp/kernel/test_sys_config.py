"""sys_config — see also test_application__config_change and its like."""

from __future__ import annotations

from pathlib import Path

import pytest

from otp.kernel import sys_config
from otp.kernel.sys_config import SysConfigError


def test_no_files_no_settings() -> None:
    assert sys_config.read([]) == {}


def test_what_a_file_says_overrides_what_it_includes(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('include = ["b.toml"]\n[app]\nx = "a"\n')
    (tmp_path / "b.toml").write_text('[app]\nx = "b"\ny = "b"\n')
    assert sys_config.read([tmp_path / "a.toml"]) == {"app": {"x": "a", "y": "b"}}


@pytest.mark.parametrize("text", ["include = 7", "include = [7]", "x = 1", "["])
def test_what_is_wrong_is_told_with_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(SysConfigError, match=r"a\.toml"):
        sys_config.read([tmp_path / "a.toml"])
    with pytest.raises(SysConfigError, match="No such file"):
        sys_config.read([tmp_path / "missing.toml"])
