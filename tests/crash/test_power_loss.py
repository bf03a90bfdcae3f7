"""After a power cut everything that was acknowledged is there, though only what was synced has come to the disk.

The kernel is asked by nobody here: a library before libc (tests/support/power_loss.c) keeps a second copy of each file
as of its last fsync, and that is what the server starts from again.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.power_loss import Disk, available

pytestmark = pytest.mark.skipif(not available(), reason="needs a C compiler: cc")


def writer(disk: Disk, durability: str = "full", lines: int = 300) -> set[str]:
    """Run tests.support.store_child until it has acknowledged so much, and kill it; what it has acknowledged."""
    path = str(disk.home / "x.sqlite3")
    command = [sys.executable, "-m", "tests.support.store_child", "sqlite", path, "a", "", durability]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=disk.environ)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    said += process.stdout.readlines()
    process.wait()
    return {line.strip() for line in said if line.endswith("\n")}


def contacts(path: Path) -> set[str]:
    """The contacts of both rosters, after checking that each is in both, and the file is sound."""
    with sqlite3.connect(path) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        romeo, juliet = (
            {row[0] for row in conn.execute('SELECT contact FROM roster WHERE "user" = ?', (user,))}
            for user in ("romeo", "juliet")
        )
    assert romeo == juliet
    return romeo


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path, seed: int | None) -> None:
    disk = Disk(tmp_path)
    said = writer(disk)
    disk.cut(random.Random(seed) if seed is not None else None)
    assert len(said) >= 300
    assert said <= contacts(disk.home / "x.sqlite3")


def test_a_commit_without_a_sync_would_be_found(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    said = writer(disk, "normal")  # which promises a kill only, not a power cut
    disk.cut()
    assert said - contacts(disk.home / "x.sqlite3")


def test_a_kill_alone_loses_nothing_without_a_sync_either(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    assert writer(disk, "normal") <= contacts(disk.home / "x.sqlite3")


def test_a_machine_that_had_no_power_has_booted(tmp_path: Path) -> None:
    def boot_id() -> str:
        read = "import pathlib; print(pathlib.Path('/proc/sys/kernel/random/boot_id').read_text())"
        command = [sys.executable, "-c", read]
        return subprocess.run(command, env=disk.environ, capture_output=True, text=True, check=True).stdout

    disk = Disk(tmp_path)
    before = boot_id()
    assert before == boot_id()
    disk.cut()
    assert before != boot_id()
