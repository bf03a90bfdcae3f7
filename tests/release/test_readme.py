"""test_readme — every command of the README, as it stands there, in a fresh copy of the sources; and what one sees.

The server listens on free ports (from the environment) instead of 5222 and 5223. `make test` is what runs this file, so
of that command only its recipe is looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.conftest import free_ports

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns("_build", "dist", ".*_cache", ".venv", ".git", ".hypothesis", "__pycache__")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """(command, what the README says one sees), in order; "" where it says nothing."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    following = [*blocks[1:], ("sh", "")]
    return [
        (text.strip(), after if kind_after == "text" else "")
        for (kind, text), (kind_after, after) in zip(blocks, following, strict=True)
        if kind == "sh"
    ]


def shape(line: str) -> str:
    """A line without what differs from one machine and moment to another: numbers, paths, passwords, padding."""
    line = re.sub(r"password \S+", "password …", line)
    line = re.sub(r"^build .*", "build …", line)
    line = re.sub(r"(?<![\w.])[\w./…-]*/(_build/rel/xmppd/)", r"…/\1", line)
    line = re.sub(r"\d+(\.\d+)*", "0", line)
    line = re.sub(r"up 0 \w+( 0 \w+)?,", "up 0 s,", line)
    return " ".join(line.split())


def undocumented(home: Path) -> list[str]:
    """The files of a running server that docs/operate.md does not name."""
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    paths = [path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir()]
    names = [re.sub(r"-(wal|shm|lock)$", "", path.replace("localhost.pem", "HOST.pem")) for path in paths]
    names = [re.sub(r"^data/sm/localhost/\w+\.\d+\.[0-9a-f]+\.", "data/sm/HOST/NODE.", name) for name in names]
    assert names
    return [name for name in names if f"`{re.sub(r'w[0-9]+[.]', 'w1.', name)}`" not in page]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sources as a new user has them; whatever runs there at the end is stopped."""
    folder = tmp_path_factory.mktemp("readme") / "xmppd"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT, symlinks=True)
    yield folder
    if (folder / "_build" / "rel" / "xmppd").exists():
        run("./rel/xmppd stop", folder, {})


def run(command: str, folder: Path, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XMPPD_", "PYTHON", "VIRTUAL_ENV", "MAKE"))}
    return subprocess.run(
        command, shell=True, cwd=folder, env=env | more, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.mark.timeout(300)  # `make rel` may have to fetch what it needs
def test_the_commands_do_what_the_readme_says(copy: Path) -> None:
    ports = {f"XMPPD_LISTEN_{n}_PORT": str(port) for n, port in enumerate(free_ports(2), 1)}
    seen = []
    for command, told in commands():
        if command == "make test":
            continue
        done = run(command, copy, ports)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        lines = {shape(line) for line in done.stdout.splitlines()}
        missing = [line for line in told.splitlines() if shape(line) not in lines]
        assert not missing, f"{command} printed\n{done.stdout}"
        seen.append(command)
        if command.endswith("status"):
            assert not undocumented(copy / "_build" / "rel" / "xmppd" / "var")
    assert seen[0] == "make rel && ./rel/xmppd start"
    assert seen[-1] == "./rel/xmppd stop"


def test_make_test_runs_the_tests(copy: Path) -> None:
    assert ("make test", "") in commands()
    done = run("make -n test", copy, {})
    assert done.returncode == 0, done.stderr
    assert "tests/support/lanes.py" in done.stdout
    assert "rel/make_rel.py" in done.stdout, "the release is built before"


def test_shape_keeps_what_matters() -> None:
    assert shape("made bob@localhost, password a-B1") == shape("made bob@localhost, password Zz-9")
    assert shape("w1      up     9526  43.7") == shape("w2 up 1 0.3")
    assert shape("  log      …/_build/rel/xmppd/var/log") == shape("  log /a/b-c/_build/rel/xmppd/var/log")
    assert shape("made bob@localhost") != shape("made alice@localhost")
