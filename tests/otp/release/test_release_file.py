"""A release on disk becomes a boot script; what is missing is told with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from otp.release import release_file
from otp.release.systools import ReleaseError, Start

REL = 'name = "r"\nvsn = "1"\n[applications]\nserver = "permanent"\nstdlib = "permanent"\nkernel = "permanent"\n'


def _release(folder: Path, text: str = REL) -> Path:
    path = folder / "r.rel.toml"
    path.write_text(text)
    for name, needs in {"kernel": "[]", "stdlib": '["kernel"]', "server": '["stdlib"]'}.items():
        (folder / name).mkdir(exist_ok=True)
        app = f'name = "{name}"\nvsn = "1"\napplications = {needs}\n'
        (folder / name / f"{name}.app.toml").write_text(app)
    return path


def test_a_release_becomes_a_script(tmp_path: Path) -> None:
    script = release_file.read_script(_release(tmp_path), [tmp_path])
    assert [step.app for step in script.steps if isinstance(step, Start)] == ["kernel", "stdlib", "server"]


def test_all_missing_applications_are_told(tmp_path: Path) -> None:
    path = _release(tmp_path, REL + 'one = "permanent"\ntwo = "temporary"\n')
    with pytest.raises(ReleaseError, match=r"(?s)one\.app\.toml: no such.*two\.app\.toml: no such"):
        release_file.read_script(path, [tmp_path])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"none\.rel\.toml: cannot be read"):
        release_file.read_script(tmp_path / "none.rel.toml")


def test_config(tmp_path: Path) -> None:
    path = tmp_path / "sys.config.toml"
    path.write_text('[server]\nport = 5222\n[kernel]\nnodes = ["main"]\n')
    assert release_file.read_config(path) == {"server": {"port": 5222}, "kernel": {"nodes": ["main"]}}
    path.write_text("server = 1")
    with pytest.raises(ReleaseError, match="'server' must be a table"):
        release_file.read_config(path)
    path.write_text("=")
    with pytest.raises(ReleaseError, match="not TOML"):
        release_file.read_config(path)
