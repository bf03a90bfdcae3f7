"""test_make_rel — what the build leaves behind, and the lock files it builds from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "rel").glob("*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_lock_files_hold_versions_and_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry


def test_every_dependency_is_locked() -> None:
    import tomllib

    locked = {line.split("==")[0] for line in (ROOT / "rel/requirements.lock").read_text().splitlines() if "==" in line}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split(r"[\[<>=~; ]", name)[0] for name in wanted} <= locked


def test_nothing_that_runs_names_the_folder_it_was_built_in(release: Path) -> None:
    built = str(ROOT / "_build")
    scripts = [p for p in (release / "env" / "bin").iterdir() if not p.is_symlink()]
    assert [p.name for p in scripts if p.suffix not in (".ps1", ".fish", ".csh") and "ctivate" not in p.name] == []
    texts = [p for p in release.rglob("*") if p.suffix in (".toml", ".pth", ".json", ".txt") and p.is_file()]
    assert [p for p in texts if built in p.read_text(errors="replace")] == []


def test_the_release_brings_its_own_code(release: Path, tmp_path: Path) -> None:
    python = release / "env" / "bin" / "python"
    code = "import otp, xmppd, xmpp_core; print(otp.__file__, xmppd.__file__, xmpp_core.__file__)"
    done = subprocess.run([str(python), "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(word.startswith(str(release)) for word in done.stdout.split())
