"""run_erl — a program on a terminal of its own, by the case of run_erl_SUITE."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from otp.release.run_erl import Pipes, RotatedLog

TALKS = """
import os, sys
print("terminal", os.isatty(0), os.isatty(1), flush=True)
for line in sys.stdin:
    if line.strip() == "bye":
        sys.exit(7)
    print("you said", line.strip().upper(), flush=True)
"""


@contextmanager
def running(tmp_path: Path, code: str = TALKS) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "otp.release.run_erl", str(tmp_path / "pipe"), str(tmp_path / "log")]
    with subprocess.Popen([*command, sys.executable, "-u", "-c", code]) as child:
        try:
            yield child
        finally:
            child.kill()


def log_until(tmp_path: Path, text: str) -> str:
    """The log, once it has the text."""
    deadline = time.monotonic() + 20
    while True:
        log = "".join(p.read_text(errors="replace") for p in sorted((tmp_path / "log").glob("run.log.*")))
        if text in log:
            return log
        assert time.monotonic() < deadline, log
        time.sleep(0.02)


def say(tmp_path: Path, line: str) -> None:
    with (tmp_path / "pipe" / "run.r").open("w") as pipe:
        pipe.write(f"{line}\n")


def test_run_erl__basic(tmp_path: Path) -> None:
    """It runs on a terminal, its words are logged, somebody comes and talks to it, leaves, comes again; it ends with
    its own status and takes its pipes along."""
    with running(tmp_path) as child:
        log = log_until(tmp_path, "terminal True True")
        assert "LOGGING STARTED" in log
        reader = os.open(tmp_path / "pipe" / "run.w", os.O_RDONLY | os.O_NONBLOCK)
        say(tmp_path, "hello")
        log_until(tmp_path, "you said HELLO")
        heard, deadline = b"", time.monotonic() + 20
        while b"you said HELLO" not in heard:
            assert time.monotonic() < deadline
            try:
                heard += os.read(reader, 4096)
            except BlockingIOError:
                time.sleep(0.01)
        os.close(reader)
        say(tmp_path, "again")
        log_until(tmp_path, "you said AGAIN")
        say(tmp_path, "bye")
        assert child.wait(20) == 7
        assert not list((tmp_path / "pipe").iterdir())


def test_a_killed_program_and_one_that_is_not_there(tmp_path: Path) -> None:
    with running(tmp_path, "import os; os.kill(os.getpid(), 9)") as child:
        assert child.wait(20) == 128 + signal.SIGKILL
    command = [sys.executable, "-m", "otp.release.run_erl", str(tmp_path / "p"), str(tmp_path / "log"), "/no/such"]
    assert subprocess.run(command, check=False, timeout=20).returncode == 127
    assert "No such file" in log_until(tmp_path, "/no/such")
    usage = subprocess.run([sys.executable, "-m", "otp.release.run_erl"], capture_output=True, check=False, timeout=20)
    assert usage.returncode == 2


def test_logs_follow_each_other_and_the_oldest_is_written_anew(tmp_path: Path) -> None:
    log = RotatedLog(tmp_path, size=200, files=3)
    for n in range(12):
        log.write(f"{n:02}".encode() + b"." * 98)
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert set(sizes) == {"run.log.1", "run.log.2", "run.log.3"}
    assert max(sizes.values()) <= 200
    assert RotatedLog(tmp_path, size=200, files=3).number in (log.number, log.number % 3 + 1)


def test_a_visitor_who_does_not_read_holds_up_nobody(tmp_path: Path) -> None:
    pipes = Pipes(tmp_path)
    pipes.write(b"nobody is there")
    reader = os.open(pipes.from_node, os.O_RDONLY | os.O_NONBLOCK)
    for _ in range(100):
        pipes.write(b"x" * 4096)
    assert os.read(reader, 10) == b"x" * 10
    os.close(reader)
    pipes.close()
