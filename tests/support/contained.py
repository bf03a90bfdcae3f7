"""contained — runs a command, and sees to it that nothing of it is left: no process, no port, no file.

    python tests/support/contained.py .venv/bin/python -m pytest tests

Whatever the command starts, also as a daemon, is a descendant of this program's inner process, because that one takes
in orphans (PR_SET_CHILD_SUBREAPER). When the command ends, or is killed, or the outer process is killed, the inner one
ends all that is left and removes the folder of temporary files. A command that succeeds but leaves a process behind has
failed: the name of the process is told. KEEP=1 keeps the temporary files.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
#: seconds in which what is on its way down may end by itself
GRACE = 10.0


def prctl(option: int, value: int) -> None:
    """Set one attribute of this process (Linux). Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def descendants() -> dict[int, str]:
    """The living descendants of this process and their command lines."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: words for pid in found - {os.getpid()} if (words := command_line(pid))}


def command_line(pid: int) -> str:
    """What a process was started with; "" if it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def reap() -> dict[int, int]:
    """Take in whoever has ended; the exit codes by pid."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    return ended


def sweep(patience: float) -> list[str]:
    """End all descendants that do not end by themselves in time; their command lines."""
    deadline = time.monotonic() + patience
    while (left := descendants()) and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()
    names = list(left.values())
    while left:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        reap()
        left = descendants()
    return names


def inner(command: list[str], lifeline: int) -> int:
    """Run the command until it ends or `lifeline` is closed, then clean up; the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the command hears them itself
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    folder = tempfile.mkdtemp(prefix="xmppd-tests-")
    Path(folder).chmod(0o711)  # tests that run as another user reach theirs below it
    child = subprocess.Popen(command, env={**os.environ, "TMPDIR": folder}, preexec_fn=born)
    code: int | None = None
    while code is None and not select.select([lifeline], [], [], 0.05)[0]:
        code = reap().get(child.pid)
    left = sweep(GRACE if code is not None else 0)
    for words in left if code is not None else ():
        print(f"left behind, ended now: {words}", file=sys.stderr)
    if "KEEP" not in os.environ:
        shutil.rmtree(folder, ignore_errors=True)
    if code is None:
        return 130
    return code or (1 if left else 0)


def born() -> None:
    """In the command, before it runs: it ends with us, and hears signals again."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def main(command: list[str]) -> int:
    """The outer process: whoever kills it lets go of the lifeline."""
    lifeline, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(held)
        os._exit(inner(command, lifeline))
    os.close(lifeline)

    def let_go(*_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(held)

    signal.signal(signal.SIGTERM, let_go)
    signal.signal(signal.SIGHUP, let_go)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the command as well, and it ends in order
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
