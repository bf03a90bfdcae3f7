"""test_contained — what runs the tests leaves nothing behind, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CONTAINED = Path(__file__).parents[1] / "support" / "contained.py"
#: starts a daemon (a session of its own, its parent gone), says its pid and its folder of temporary files, goes on
DAEMON = """
import os, subprocess, sys, tempfile, time
daemon = subprocess.Popen(
    [sys.executable, "-c", "import os, time; os.fork() and os._exit(0); time.sleep(600)"], start_new_session=True)
daemon.wait()
print(tempfile.gettempdir(), flush=True)
{then}
"""


def started(then: str, patience: float = 0.2) -> subprocess.Popen[str]:
    code = f"import sys; sys.path.insert(0, {str(CONTAINED.parent)!r}); import contained; contained.GRACE = {patience}"
    outer = f"{code}; sys.exit(contained.main([sys.executable, '-c', {DAEMON.format(then=then)!r}]))"
    return subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def within(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(0.02)


def sleepers(folder: str) -> list[str]:
    """The processes that have `folder` as their folder of temporary files."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"TMPDIR={folder}\0".encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_a_command_that_succeeds_and_leaves_a_process_has_failed() -> None:
    run = started("")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "left behind, ended now:" in err
    assert not Path(out.strip()).exists()
    assert not sleepers(out.strip())


def test_the_commands_own_status_is_kept() -> None:
    run = started("sys.exit(5)")
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 5
    assert not sleepers(out.strip())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_a_run_that_is_killed(number: signal.Signals) -> None:
    run = started("time.sleep(600)")
    assert run.stdout is not None
    folder = run.stdout.readline().strip()
    assert len(sleepers(folder)) == 2
    os.kill(run.pid, number)
    run.wait(60)
    within(60, lambda: not sleepers(folder) and not Path(folder).exists())
    run.communicate()
