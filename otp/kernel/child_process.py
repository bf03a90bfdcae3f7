"""child_process — watches an OS process that we started, without a thread: its end, its readiness, its last lines.

OTP:      erl_child_setup and the exit_status of ports
Way:      the kernel (pidfd, pipes) → [child_process] → mailbox of its owner (peer)
Process:  none: readers of the loop; messages go to the owner
"""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS, TimerRef
from otp.kernel import lifeline
from otp.kernel.forker import Forked
from otp.kernel.reaper import OURS

#: seconds between two looks where the kernel has no pidfd
_POLL: Final = 0.05
#: bytes of a line: those of the logger pass whole, the end of a traceback is what one wants to see
_LONGEST_LINE: Final = 65_536


#: an OS process of ours
Child = subprocess.Popen[bytes] | Forked


@dataclass(frozen=True, slots=True)
class Ready:
    """It said that it is ready."""


@dataclass(frozen=True, slots=True)
class Lines:
    """It wrote these lines to standard error."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """It is gone: the exit status, or minus the signal's number. The last message, after all Lines."""

    code: int


class Watch:
    """The readers of one child. `line` is our end of its lifeline: closing it tells the child to end."""

    def __init__(self, child: Child, line: socket.socket, owner: Pid) -> None:
        self.child, self.line, self.owner = child, line, owner
        OURS.add(child.pid)
        self._rest = b""
        self._timer: TimerRef | None = None
        assert child.stderr is not None
        self._stderr = child.stderr
        os.set_blocking(self._stderr.fileno(), False)
        THIS.loop.add_reader(line.fileno(), self._line_readable)
        THIS.loop.add_reader(self._stderr.fileno(), self._stderr_readable)
        self._pidfd = _pidfd(child.pid)
        if self._pidfd is None:
            self._poll()
        else:
            THIS.loop.add_reader(self._pidfd, self._ended)

    def close(self) -> None:
        """Stop watching; the child, if it lives, learns that its parent is gone."""
        if self._timer is not None:
            TIMERS.cancel(self._timer)
        if self._pidfd is not None:
            THIS.loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        if self.line.fileno() >= 0:
            THIS.loop.remove_reader(self.line.fileno())
            self.line.close()
        if not self._stderr.closed:
            THIS.loop.remove_reader(self._stderr.fileno())
            self._stderr.close()

    def _line_readable(self) -> None:
        try:
            data = self.line.recv(64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if lifeline.READY in data:
            process.send(self.owner, Ready())
        if not data:
            THIS.loop.remove_reader(self.line.fileno())

    def _stderr_readable(self) -> None:
        data = self._read()
        if data == b"":
            THIS.loop.remove_reader(self._stderr.fileno())
        elif data:
            self._tell(data)

    def _read(self) -> bytes | None:
        try:
            return os.read(self._stderr.fileno(), 65536)
        except BlockingIOError:
            return None

    def _tell(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-_LONGEST_LINE:]
        if lines:
            text = tuple(line[:_LONGEST_LINE].decode(errors="replace") for line in lines)
            process.send(self.owner, Lines(text))

    def _poll(self) -> None:
        if self.child.poll() is None:
            self._timer = TIMERS.after(_POLL, self._poll)
        else:
            self._ended()

    def _ended(self) -> None:
        code = self.child.poll()
        if code is None:
            return
        OURS.discard(self.child.pid)
        if self._pidfd is not None:
            THIS.loop.remove_reader(self._pidfd)
        while data := self._read():
            self._tell(data)
        if self._rest:
            self._tell(b"\n")
        process.send(self.owner, ChildEnded(code))


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
