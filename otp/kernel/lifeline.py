"""lifeline — the thread between a parent OS process and its child: «I am ready» one way, «I am gone» the other.

OTP:      the control socket of peer.erl
Way:      peer (parent's end) … [lifeline] … boot (child's end)
Differs:  a socket pair inherited by number; the parent's death closes it, so no child outlives its parent; one that is
          stopped (SIGSTOP) is continued by the kernel then, else it would never read that (Linux)
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from otp.erts.scheduler import THIS

#: environment variable that tells the child the number of its end
VARIABLE: Final = "OTP_LIFELINE_FD"
READY: Final = b"ready\n"
_PR_SET_PDEATHSIG: Final = 1  # prctl(2): the signal that the kernel sends when the parent has died


class Lifeline:
    """The child's end."""

    def __init__(self, sock: socket.socket, on_orphaned: Callable[[], None]) -> None:
        self._sock, self._on_orphaned = sock, on_orphaned
        sock.setblocking(False)
        THIS.loop.add_reader(sock.fileno(), self._readable)

    def ready(self) -> None:
        """Tell the parent that all is started. A parent that is gone is told of by on_orphaned."""
        try:
            self._sock.send(READY)
        except OSError:
            return

    def close(self) -> None:
        """Let go."""
        if self._sock.fileno() >= 0:
            THIS.loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _readable(self) -> None:
        try:
            data = self._sock.recv(64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self._on_orphaned()


def adopt(on_orphaned: Callable[[], None]) -> Lifeline | None:
    """The child's end of the lifeline this process was started with; None if nobody holds the other.

    Call it on the loop's thread, once: children of this process do not inherit it.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number.isdecimal():
        return None
    sock = socket.socket(fileno=int(number))
    sock.set_inheritable(False)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)  # nothing happens to one that runs
    return Lifeline(sock, on_orphaned)
