"""What this OS process has, and what bounds it."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from otp.kernel import memsup


def test_what_is_resident_grows_with_what_is_used() -> None:
    before = memsup.resident()
    block = b"x" * (32 << 20)
    assert memsup.resident() - before > 24 << 20
    del block
    memsup.trim()
    assert memsup.resident() - before < 16 << 20


def test_without_proc_the_most_that_ever_was(tmp_path: Path) -> None:
    assert memsup.resident(tmp_path) == resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def made(root: Path, group: str, **limits: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(group)
    for name, limit in limits.items():
        file = root / "sys/fs/cgroup" / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_name(file.name.replace("memory_", "memory.")).write_text(limit + "\n")
    return root


def test_the_least_of_the_groups_around_it_counts(tmp_path: Path) -> None:
    root = made(tmp_path, "0::/a/b\n", a__b__memory_max="max", a__memory_max="1000000", memory_max="2000000")
    assert memsup.control_group(root) == 1_000_000
    assert memsup.allowed(4, root) == 250_000


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    group = "5:cpu:/x\n4:memory:/a\n"
    root = made(tmp_path, group, memory__a__memory_limit_in_bytes="500000", memory__memory_limit_in_bytes=str(2**63))
    assert memsup.control_group(root) == 500_000


@pytest.mark.parametrize("group", ["", "0::/a\n", "nonsense"])
def test_without_a_limit_the_machine_is_shared(tmp_path: Path, group: str) -> None:
    root = made(tmp_path, group) if group != "nonsense" else tmp_path
    assert memsup.control_group(root) is None
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memsup.allowed(2, root) <= machine // 2


def test_its_own_limit_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_AS: (5_000_000, -1)}
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits.get(which, (-1, -1)))
    assert memsup.allowed(10) == 5_000_000
