"""run_erl — a node on a terminal of its own: what it writes goes to log files, and somebody may attach to it later.

OTP:      run_erl; to_erl is `cat PIPE_DIR/run.w & cat > PIPE_DIR/run.r`
Way:      rel → [run_erl] → the node's terminal → log files, and a pipe to whoever reads it
Process:  an OS process of its own, the parent of the node; ends with it, and with its status

    python -m otp.release.run_erl PIPE_DIR LOG_DIR COMMAND…         # PIPE_DIR/run.r is written to, PIPE_DIR/run.w read
"""

from __future__ import annotations

import contextlib
import os
import pty
import selectors
import sys
import time
from pathlib import Path
from typing import Final

#: bytes of a log file before the next one is begun, and how many there are
LOG_SIZE: Final = 100_000
LOG_FILES: Final = 5
_CHUNK: Final = 65536


class RotatedLog:
    """run.log.1 … run.log.N, written one after the other, the oldest overwritten."""

    def __init__(self, folder: Path, size: int = LOG_SIZE, files: int = LOG_FILES) -> None:
        self.folder, self.size, self.files = folder, size, files
        folder.mkdir(parents=True, exist_ok=True)
        self.number = self._newest()
        self.file = self._path(self.number).open("ab", buffering=0)
        self.write(f"\n=====\n===== LOGGING STARTED {time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n=====\n".encode())

    def write(self, data: bytes) -> None:
        """Append; begin the next file when this one is full."""
        if self.file.tell() + len(data) > self.size:
            self.file.close()
            self.number = self.number % self.files + 1
            self.file = self._path(self.number).open("wb", buffering=0)
        self.file.write(data)

    def _path(self, number: int) -> Path:
        return self.folder / f"run.log.{number}"

    def _newest(self) -> int:
        there = [n for n in range(1, self.files + 1) if self._path(n).exists()]
        return max(there, key=lambda n: self._path(n).stat().st_mtime_ns, default=1)


class Pipes:
    """Two named pipes: what is written into the one goes to the node; what the node writes can be read at the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.to_node, self.from_node = folder / "run.r", folder / "run.w"
        for path in (self.to_node, self.from_node):
            with contextlib.suppress(FileExistsError):
                os.mkfifo(path, 0o600)
        # opened both ways, so that it does not end with its first visitor
        self.reader = os.open(self.to_node, os.O_RDWR | os.O_NONBLOCK)

    def read(self) -> bytes:
        """What a visitor has typed."""
        return os.read(self.reader, _CHUNK)

    def write(self, data: bytes) -> None:
        """For the visitor, if there is one; a slow one misses something, the node waits for nobody."""
        try:
            fd = os.open(self.from_node, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(fd, data)
        except OSError:
            return
        finally:
            os.close(fd)

    def close(self) -> None:
        """Take the pipes away."""
        os.close(self.reader)
        for path in (self.to_node, self.from_node):
            path.unlink(missing_ok=True)


def run(pipes: Pipes, log: RotatedLog, command: list[str]) -> int:
    """Run the command on a terminal until it ends; its exit status, 128 and its number for a signal."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.execvp(command[0], command)
        except OSError as exc:
            os.write(2, f"{command[0]}: {exc.strerror}\n".encode())
            os._exit(127)
    selector = selectors.DefaultSelector()
    selector.register(terminal, selectors.EVENT_READ)
    selector.register(pipes.reader, selectors.EVENT_READ)
    while _pump(selector, terminal, pipes, log):
        pass
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def _pump(selector: selectors.BaseSelector, terminal: int, pipes: Pipes, log: RotatedLog) -> bool:
    for key, _events in selector.select():
        if key.fd == pipes.reader:
            os.write(terminal, pipes.read())
            continue
        try:
            data = os.read(terminal, _CHUNK)
        except OSError:  # Linux: the other end of the terminal is closed
            data = b""
        if not data:
            return False
        log.write(data)
        pipes.write(data)
    return True


def main(arguments: list[str]) -> int:
    """See the head of the file."""
    if len(arguments) < 3:
        sys.stderr.write("usage: run_erl PIPE_DIR LOG_DIR COMMAND…\n")
        return 2
    pipes = Pipes(Path(arguments[0]))
    try:
        return run(pipes, RotatedLog(Path(arguments[1])), arguments[2:])
    finally:
        pipes.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
