"""lanes — all tests in two runs side by side: what waits for servers in processes of their own, and what computes.

    .venv/bin/python tests/support/lanes.py [arguments for pytest]

One after the other they leave a machine of two cores idle half of the time. The output of each run is told whole, the
second one's when the first is over. The exit code is 0 if all tests passed and nothing of either run is left.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from contained import PR_SET_PDEATHSIG, prctl

SUPPORT = Path(__file__).parent
#: folders whose tests wait most of their time
WAITING = ("bench", "crash", "interop", "learn", "release", "soak", "stories")


def lanes() -> list[list[str]]:
    """What each run is told to test; together that is everything below tests/."""
    waiting = [f"tests/{name}" for name in WAITING]
    return [waiting, ["tests", *[f"--ignore={name}" for name in waiting]]]


def begin(arguments: list[str], output: int) -> subprocess.Popen[bytes]:
    """Start one run, which ends with this process."""
    command = [sys.executable, SUPPORT / "contained.py", sys.executable, "-m", "pytest", *arguments]
    return subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=ends_with_us)


def ends_with_us() -> None:
    """In the run, before it begins."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(arguments: list[str]) -> int:
    """Both runs; the worse of their exit codes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the runs as well, and they end in order
    first, second = lanes()
    with tempfile.TemporaryFile() as kept:
        later = begin([*second, *arguments], kept.fileno())
        codes = [begin([*first, *arguments], sys.stdout.fileno()).wait(), later.wait()]
        kept.seek(0)
        sys.stdout.buffer.write(kept.read())
        sys.stdout.flush()
    return max(codes, key=abs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
