"""descriptors — file descriptors that are not for connections: the last of them, and one in reserve.

OTP:      cf. max_connections of ranch, and what libev calls the reserve of an accept loop
Way:      net.acceptor → [descriptors]
Process:  none: the acceptor's, on the loop's thread

The store, the mesh and the log open files too, so the last 5 % are theirs: a connection whose descriptor is among those
is turned away. POSIX gives out the lowest number that is free, so the number itself says how many are in use.

If there is none at all, accept(2) fails and the peer stays in the backlog, where it would wait for an answer that does
not come, and the socket stays readable. The reserve is given up for a moment, the peer taken with it and closed: it
knows at once, and tries another worker.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
from typing import Final

#: the part of the descriptors that connections may take
FOR_CONNECTIONS: Final = 0.95


class Descriptors:
    """`most`: descriptors that connections may take; None for what this OS process may open, as it is now."""

    __slots__ = ("_most", "_spare")

    def __init__(self, most: int | None = None) -> None:
        self._most = int(resource.getrlimit(resource.RLIMIT_NOFILE)[0] * FOR_CONNECTIONS) if most is None else most
        self._spare = _reserve()

    def are_short(self, fd: int) -> bool:
        """Whether the descriptor `fd`, which was given out just now, is one of those that are not for connections."""
        return fd >= self._most

    def turn_away(self, listening: socket.socket) -> int:
        """Close one peer that waits at a socket, with the descriptor in reserve; how many were (0 or 1)."""
        turned_away = 0
        if self._spare is not None:
            self.close()
            with contextlib.suppress(OSError):
                listening.accept()[0].close()
                turned_away = 1
        self._spare = _reserve()
        return turned_away

    def close(self) -> None:
        """Let go of the reserve. Idempotent."""
        spare, self._spare = self._spare, None
        if spare is not None:
            os.close(spare)


def _reserve() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None  # it is found when there is one again
