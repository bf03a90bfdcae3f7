"""heart_port — the program beside a node that starts it again: it waits for beats, and acts when they cease.

OTP:      heart.c
Way:      heart → its standard input → [heart_port] → the command
Process:  an OS process of its own; ends with the node, or when its command has been started

    python -m otp.kernel.heart_port PID TIMEOUT

Lines read: "beat"; "command" and a JSON list (the argument vector, empty: none); "shutdown": the end that comes is
wanted. Each is answered by "ok". No beat for TIMEOUT seconds: the node is killed. At its end the command is started.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from typing import BinaryIO


class HeartPort:
    """What the program knows: whom it watches, what it is to start, whether the end is wanted."""

    def __init__(self, pid: int, timeout: float) -> None:
        self.pid, self.timeout = pid, timeout
        self.command: list[str] = []
        self.wanted = False

    def obey(self, line: str) -> None:
        """One line of the node's."""
        word, _, rest = line.partition(" ")
        if word == "command":
            self.command = [str(part) for part in json.loads(rest)]
        elif word == "shutdown":
            self.wanted = True

    def ended(self) -> None:
        """The node is gone: start the command, unless the end was wanted."""
        if not self.wanted and self.command:
            subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)

    def late(self) -> None:
        """It does not beat: whatever it does, it is no good any more."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def watch(heart: HeartPort, source: BinaryIO, answers: BinaryIO) -> None:
    """Read lines until the node is gone."""
    selector = selectors.DefaultSelector()
    selector.register(source, selectors.EVENT_READ)
    rest = b""
    while True:
        if not selector.select(None if heart.wanted else heart.timeout):
            heart.late()
            return
        data = os.read(source.fileno(), 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            heart.obey(line.decode())
            with contextlib.suppress(OSError):  # nobody reads any more
                answers.write(b"ok\n")
                answers.flush()


def main(arguments: list[str]) -> None:
    """See the head of the file."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the node
    heart = HeartPort(int(arguments[0]), float(arguments[1]))
    watch(heart, sys.stdin.buffer, sys.stdout.buffer)
    heart.ended()


if __name__ == "__main__":
    main(sys.argv[1:])
