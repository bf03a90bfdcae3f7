"""flaky_link — stands between a client and the server, and cuts their connections when a test says so.

with FlakyLink(server.tls) as link:
    client.connect("127.0.0.1", link.port)
    link.swallow()      # what either side says from now on is lost, and nobody is told
    link.cut()          # both sides see a reset; whoever comes again is refused
    link.mend()         # from now on connections are let through
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_RESET = struct.pack("ii", 1, 0)  # linger for no time: close sends a reset


class FlakyLink:
    """A relay of bytes on a port of the loopback, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._lock, self._up, self._over, self._deaf = threading.Lock(), True, False, False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over = True
        self.cut()
        self._thread.join()
        self._listener.close()

    def swallow(self) -> None:
        """Carry nothing any more, as a network does that has gone away."""
        self._deaf = True

    def cut(self) -> None:
        """Cut every connection, and refuse new ones."""
        with self._lock:
            self._up = self._deaf = False
            for one in list(self._pairs):
                self._drop(one)

    def mend(self) -> None:
        """Let connections through again."""
        self._up = True

    def _relay(self) -> None:
        while not self._over:
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj in self._pairs:
                        assert isinstance(key.fileobj, socket.socket)
                        self._carry(key.fileobj)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._to), 5) if self._up else None
        except OSError:
            far = None
        if far is None:
            near.close()
            return
        self._pairs[near], self._pairs[far] = far, near
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _carry(self, source: socket.socket) -> None:
        try:
            data = source.recv(1 << 16)
            if data:
                if not self._deaf:
                    self._pairs[source].sendall(data)
                return
        except OSError:
            pass
        self._drop(source)

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        if other is None:
            return
        self._pairs.pop(other, None)
        for each in (one, other):
            self._selector.unregister(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            each.close()
