"""test_installed — the server however it was installed: by pip, built by one user and run by another, upgraded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.conftest import free_ports

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def settings(*more: str) -> list[str]:
    """Options for a server on free ports that stops at once."""
    ports = (f"listen.{n}.port={port}" for n, port in enumerate(free_ports(2), 1))
    return [word for setting in (*ports, "limits.drain_seconds=0", "workers=1", *more) for word in ("--set", setting)]


def run(command: list[str], env: dict[str, str], user: int | None = None) -> subprocess.CompletedProcess[str]:
    groups = None if user is None else []
    return subprocess.run(
        command, env={"PATH": os.defpath} | env, cwd="/", user=user, group=user, extra_groups=groups,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, release: Path) -> Path:
    """A virtual environment with the wheel of these sources (`make rel` has built it) and what it depends on."""
    (wheel,) = (ROOT / "_build" / "wheel").glob("xmppd-*.whl")
    env = tmp_path_factory.mktemp("pip") / "env"
    venv.create(env, symlinks=True, with_pip=False)
    tools = ROOT / "_build" / "tools" / "bin" / "python"
    pip = [str(tools), "-m", "pip", "-q", "--python", str(env / "bin" / "python")]
    wanted = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "rel" / "requirements.lock")]
    for words in (wanted, ["--no-deps", "--no-index", str(wheel)]):
        subprocess.run([*pip, "install", *words], check=True, capture_output=True, text=True)
    return env


@pytest.mark.timeout(240)
def test_installed_with_pip_it_starts_and_its_home_is_the_users(environment: Path, tmp_path: Path) -> None:
    command, user = str(environment / "bin" / "xmppd"), {"HOME": str(tmp_path)}
    started = run([command, "start", *settings()], user)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert re.search(r"^ +(\S+/)?xmppd user add", started.stdout, re.MULTILINE)
        assert (tmp_path / ".local" / "state" / "xmppd" / "data" / "xmppd.sqlite3").is_file()
        assert run([command, "user", "add", "alice"], user).returncode == 0
        assert json.loads(run([command, "user", "list", "--json"], user).stdout) == ["alice@localhost"]
    finally:
        assert run([command, "stop"], user).stdout == "stopped\n"


@pytest.fixture
def public(release: Path) -> Iterator[Path]:
    """A copy of the release in a folder that every user may read, and a folder `home` that is nobody's."""
    if os.getuid() != 0:
        pytest.skip("only root may run it as another user")
    folder = Path(tempfile.mkdtemp(prefix="xmppd-public-"))
    folder.chmod(0o755)
    shutil.copytree(release, folder / "xmppd", symlinks=True)
    (folder / "home").mkdir()
    os.chown(folder / "home", NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def for_everybody() -> str | None:
    """An interpreter of this version that every user may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (os.path.realpath(sys.executable), f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        if run(["/bin/sh", "-c", f"exec {path} -c ''"], {}, NOBODY).returncode == 0:
            return path
    return None


def link(release: Path, target: str) -> None:
    """Let the release run with `target`."""
    python = release / "env" / "bin" / "python"
    python.unlink()
    python.symlink_to(target)


def test_built_by_one_user_and_run_by_another(public: Path) -> None:
    python = for_everybody()
    if python is None:
        pytest.skip("no interpreter of this version that every user may run")
    link(public / "xmppd", python)
    command, home = str(public / "xmppd" / "xmppd"), ["--home", str(public / "home")]
    started = run([command, "start", *home, *settings()], {}, NOBODY)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert run([command, "user", "add", "alice", *home], {}, NOBODY).returncode == 0
    finally:
        assert run([command, "stop", *home], {}, NOBODY).stdout == "stopped\n"


def test_an_interpreter_out_of_reach_is_named(public: Path) -> None:
    closed = public / "closed"
    closed.mkdir(mode=0o700)
    shutil.copy2("/bin/true", closed / "python3.11")
    link(public / "xmppd", str(closed / "python3.11"))
    done = run([str(public / "xmppd" / "xmppd"), "ping"], {}, NOBODY)
    assert done.returncode == 1
    assert f"points to {closed}/python3.11, which nobody cannot run" in done.stderr
    assert "make rel PYTHON=" in done.stderr


def test_an_interpreter_that_is_gone_is_named(release: Path, tmp_path: Path) -> None:
    shutil.copytree(release, tmp_path / "xmppd", symlinks=True)
    link(tmp_path / "xmppd", str(tmp_path / "python3.10"))
    done = run([str(tmp_path / "xmppd" / "xmppd"), "ping"], {})
    assert done.returncode == 1
    assert f"points to {tmp_path}/python3.10" in done.stderr


def test_the_release_names_the_interpreters_own_file(release: Path) -> None:
    target = os.readlink(release / "env" / "bin" / "python")
    assert target == os.path.realpath(target), "after an upgrade the link must dangle, not start another version"


def test_another_build_on_disk_is_told(release: Path, tmp_path: Path) -> None:
    shutil.copytree(release, tmp_path / "xmppd", symlinks=True)
    command, home = str(tmp_path / "xmppd" / "xmppd"), ["--home", str(tmp_path / "home")]
    built = (release / "build").read_text().strip()
    assert f"(build {built})" in run([command, "--version"], {}).stdout
    assert run([command, "start", *home, *settings()], {}).returncode == 0
    try:
        assert f"build    {built}" in run([command, "status", *home], {}).stdout.splitlines()
        (tmp_path / "xmppd" / "build").write_text("another\n")
        told = f"build    {built}; on disk is another: `restart` takes it"
        assert told in run([command, "status", *home], {}).stdout.splitlines()
    finally:
        run([command, "stop", *home], {})
