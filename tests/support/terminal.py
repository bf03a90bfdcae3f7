"""terminal — runs a program on a terminal of its own, types keys, and reads what it draws."""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]


def play(command: Sequence[str], *steps: tuple[Sequence[str], bytes]) -> int:
    """A step: wait until the program has drawn each of these words, then type these keys. Gives its exit status."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    terminal = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=terminal) as program:
        os.close(theirs)
        try:
            for wanted, keys in steps:
                _until(ours, wanted)
                os.write(ours, keys)
            return _end(program, ours)
        finally:
            program.kill()
            os.close(ours)


def _until(ours: int, wanted: Sequence[str], seconds: float = 60.0) -> None:
    seen, until = b"", time.monotonic() + seconds
    while not all(word.encode() in seen for word in wanted):
        assert time.monotonic() < until, f"not drawn: {[word for word in wanted if word.encode() not in seen]}"
        seen += _read(ours)


def _end(program: subprocess.Popen[bytes], ours: int, seconds: float = 60.0) -> int:
    until = time.monotonic() + seconds
    while program.poll() is None:
        assert time.monotonic() < until, "it does not end"
        _read(ours)
    return program.wait()


def _read(ours: int) -> bytes:
    if not select.select([ours], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(ours, 65536)
    except OSError:  # the program has closed the other end
        return b""


class Terminal:
    """A program on a terminal whose keys are lines; for those that say one thing after the other."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        env = {**environ, "TERM": "xterm-256color"}
        self.program = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.ours)

    def say(self, line: str, *wanted: str) -> None:
        """Type a line, and wait until each of these words is drawn. Raises AssertionError."""
        os.write(self.ours, f"{line}\r".encode())
        self.until(*wanted)

    def until(self, *wanted: str) -> None:
        """Wait until each of these words is drawn. Raises AssertionError."""
        _until(self.ours, wanted, 30.0)

    def end(self) -> int:
        """Wait for its end: the exit status. Raises AssertionError."""
        return _end(self.program, self.ours, 30.0)
