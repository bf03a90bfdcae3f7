"""line_socket — a process listens at an AF_UNIX socket, and answers each line of JSON with one.

OTP:      cf. gen_tcp with {packet, line}, and the node's own end of erl_call
Way:      a server's init → listen() → [line_socket] → the server's `answer`, in a process for each connection
Process:  one per connection, each on its own; the socket is open as long as the process that called listen()

Only the user that runs this program, and root, may connect.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.erts.links import add_watcher
from otp.erts.pid import make_ref
from otp.erts.scheduler import THIS
from otp.kernel import unix_socket

#: octets of one line; a client that sends more is disconnected
LONGEST: Final = 1 << 20

AnswerTo = Callable[[bytes], Awaitable[dict[str, Any]]]


def listen(path: Path, answer: AnswerTo) -> None:
    """Listen at `path` for the running process; however that ends, the path is free for its successor.

    Requests that run then go on. Raises: OSError, e.g. if another program listens there.
    """
    sock = unix_socket.listen(path)
    THIS.loop.add_reader(sock, _accept, sock, answer)
    add_watcher(make_ref(), lambda reason: _close(sock, path), process.running())


def _close(sock: socket.socket, path: Path) -> None:
    THIS.loop.remove_reader(sock)
    sock.close()
    path.unlink(missing_ok=True)


def _accept(sock: socket.socket, answer: AnswerTo) -> None:
    with contextlib.suppress(OSError):
        connection, _ = sock.accept()
        connection.setblocking(False)
        if unix_socket.peer_uid(connection) in (0, os.getuid()):
            process.spawn(_serve, connection, answer)
        else:
            connection.close()


async def _serve(connection: socket.socket, answer: AnswerTo) -> None:
    """One connection: its requests are answered one after the other."""
    buffer = bytearray()
    with connection, contextlib.suppress(OSError):
        while data := await THIS.loop.sock_recv(connection, 65536):
            buffer += data
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                told = await answer(line)
                await THIS.loop.sock_sendall(connection, json.dumps(told).encode() + b"\n")
            if len(buffer) > LONGEST:
                return
