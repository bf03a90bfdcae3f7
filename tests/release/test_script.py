"""test_script — rel/xmppd, the shell script: found through links, from anywhere, and helpful without a release."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(command: Path | str, cwd: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(command), *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_without_a_release_it_says_what_to_do(tmp_path: Path, plain_env: dict[str, str]) -> None:
    (tmp_path / "rel").mkdir()
    shutil.copy2(ROOT / "rel" / "xmppd", tmp_path / "rel" / "xmppd")
    done = run(tmp_path / "rel" / "xmppd", tmp_path, plain_env, "start")
    assert done.returncode == 1
    assert "make rel" in done.stderr


def test_through_links_and_from_any_folder(release: Path, tmp_path: Path, plain_env: dict[str, str]) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "one").symlink_to(release / "xmppd")
    (tmp_path / "two").symlink_to("a b/one")
    for command in (release / "xmppd", tmp_path / "a b" / "one", tmp_path / "two"):
        done = run(command, tmp_path, plain_env, "ping")
        assert done.returncode == 3
        assert str(release / "var") in done.stderr
    assert run("./xmppd", release, plain_env, "--version").stdout.startswith("xmppd, version ")


def test_exit_codes_and_arguments_pass_through(release: Path, tmp_path: Path, plain_env: dict[str, str]) -> None:
    assert run(release / "xmppd", tmp_path, plain_env, "nonsense").returncode == 2
    done = run(release / "xmppd", tmp_path, plain_env, "ping", "--home", str(tmp_path / "a b"))
    assert str(tmp_path / "a b") in done.stderr
