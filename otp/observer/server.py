"""server — the socket at which a running program is observed: commands come in as lines of JSON, results go out.

OTP:      gen_server; cf. the node's own end of erl_call
Way:      client → [server] → commands
Process:  `observer`, permanent, where the program starts it; one process per connection, each on its own

    await server.start_link(Path("shop.sock"))           # or server.spec(path) under a supervisor
                                                         # then: python -m otp.observer shop.sock

The socket is of the program's user only; who may connect may see everything and end everything.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.erts.links import add_watcher
from otp.erts.pid import Pid, make_ref
from otp.erts.scheduler import THIS
from otp.kernel import unix_socket
from otp.observer import backend, commands, crash, tracing
from otp.observer.errors import ObserverError
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer

NAME: Final = "observer"
#: what a node lets others ask, once this module is loaded
EXPORTS: Final = (backend, crash, tracing)
#: bytes of one request
LONGEST: Final = 1 << 20

log = logging.getLogger("otp.observer")


@dataclass(frozen=True, slots=True)
class Listening:
    """The socket and where it lies."""

    sock: socket.socket
    path: Path


class ObserverServer(GenServer[Listening]):
    """See the head of the file."""

    def init(self, path: Path) -> Listening:
        """Listen. Raises: OSError, e.g. if another program listens there."""
        sock = unix_socket.listen(path)
        THIS.loop.add_reader(sock, _accept, sock)
        add_watcher(make_ref(), lambda reason: _close(sock, path), process.running())
        return Listening(sock, path)


async def start_link(path: str | Path) -> Pid | None:
    """Let this program be observed at a socket at `path`. Raises: StartError if nobody can listen there."""
    return await gen_server.start_link(ObserverServer, Path(path), name=NAME)


def spec(path: str | Path) -> ChildSpec:
    """The same as a child of a supervisor."""
    return ChildSpec(NAME, (start_link, (path,)))


def _close(sock: socket.socket, path: Path) -> None:
    """However the server ends, it listens no more, so that its successor can; requests that run go on."""
    THIS.loop.remove_reader(sock)
    sock.close()
    path.unlink(missing_ok=True)


def _accept(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection, _ = sock.accept()
        connection.setblocking(False)
        if unix_socket.peer_uid(connection) in (0, os.getuid()):
            process.spawn(_serve, connection)
        else:
            connection.close()


async def _serve(connection: socket.socket) -> None:
    """One connection, in a process of its own."""
    buffer = bytearray()
    with connection, contextlib.suppress(OSError):
        while data := await THIS.loop.sock_recv(connection, 65536):
            buffer += data
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                answer = await answer_to(line)
                await THIS.loop.sock_sendall(connection, json.dumps(answer).encode() + b"\n")
            if len(buffer) > LONGEST:
                return


async def answer_to(line: bytes) -> dict[str, Any]:
    """The answer to one request: {"ok": result} or {"error": text}."""
    try:
        request = json.loads(line)
        name, params = str(request["command"]), dict(request.get("params") or {})
    except (ValueError, KeyError, TypeError):
        return {"error": "not a request"}
    try:
        return {"ok": await commands.execute(name, params)}
    except ObserverError as error:
        return {"error": str(error)}
    except Exception as error:
        log.exception("command %s failed", name)
        return {"error": f"{type(error).__name__}: {error}"}
