"""heart_port — the program alone: what it does at each end of a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def port(tmp_path: Path, *lines: str, pid: int = 0, timeout: float = 30.0) -> tuple[list[bytes], bool]:
    """Its answers to the lines, and whether the command was started at the end."""
    trace = tmp_path / "started"
    touch = json.dumps([sys.executable, "-c", f"open({str(trace)!r}, 'w')"])
    text = "".join(f"{line}\n" for line in (f"command {touch}", *lines))
    command = [sys.executable, "-m", "otp.kernel.heart_port", str(pid), str(timeout)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=30, check=True)
    for _ in range(200):
        if trace.exists():
            break
        subprocess.run(["sleep", "0.01"], check=True)
    return done.stdout.splitlines(), trace.exists()


def test_the_end_of_the_pipe_is_the_end_of_the_node(tmp_path: Path) -> None:
    assert port(tmp_path, "beat", "beat") == ([b"ok"] * 3, True)


def test_a_wanted_end_starts_nothing(tmp_path: Path) -> None:
    assert port(tmp_path, "beat", "shutdown") == ([b"ok"] * 3, False)


def test_an_empty_command_starts_nothing(tmp_path: Path) -> None:
    assert port(tmp_path, "command []")[1] is False


def test_no_beat_kills_the_node_and_starts_the_command(tmp_path: Path) -> None:
    trace = tmp_path / "started"
    with subprocess.Popen(["sleep", "60"]) as node:
        command = [sys.executable, "-m", "otp.kernel.heart_port", str(node.pid), "0.1"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as heart:
            assert heart.stdin is not None
            touch = json.dumps([sys.executable, "-c", f"open({str(trace)!r}, 'w')"])
            heart.stdin.write(f"command {touch}\n".encode())
            heart.stdin.flush()
            assert node.wait(30) == -9
            assert heart.wait(30) == 0
    for _ in range(300):
        if trace.exists():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    raise AssertionError("the command was not started")
