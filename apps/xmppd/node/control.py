"""control — the control socket: commands come in as lines of JSON, results go out.

OTP:      gen_server; cf. the node's own end of erl_call, and ejabberd_ctl
Way:      cli.client → [control] → admin.dispatch
Process:  `control`, permanent, under parent_sup in the parent; one process per connection, each on its own
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.erts.scheduler import THIS
from otp.kernel import unix_socket
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.commands import EXIT_FAILED, EXIT_USAGE, Answer, CommandError

NAME: Final = "control"
MAX_REQUEST: Final = 1 << 20
Execute = Callable[[str, dict[str, Any]], Awaitable[Answer]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ControlState:
    """The listening socket, where it lies, and who carries out commands."""

    sock: socket.socket
    path: Path
    execute: Execute


@dataclass(frozen=True)
class Reload:
    """To `control`: carry out `reload`, and log how it went (SIGHUP)."""


class Control(GenServer[ControlState]):
    """See the head of this file; `execute(name, params)` carries out a command."""

    def init(self, path: Path, execute: Execute) -> ControlState:
        """Listen."""
        process.trap_exit(True)
        sock = unix_socket.listen(path)
        THIS.loop.add_reader(sock, _accept, sock, execute)
        return ControlState(sock, path, execute)

    def handle_info(self, message: object, state: ControlState) -> NoReply[ControlState]:
        """SIGHUP: like a request that nobody waits for."""
        if isinstance(message, Reload):
            process.spawn(_reload, state.execute)
        return NoReply(state)

    def terminate(self, reason: object, state: ControlState) -> None:
        """Shut the door; requests that run go on."""
        THIS.loop.remove_reader(state.sock)
        state.sock.close()
        state.path.unlink(missing_ok=True)


async def start_link(path: Path, execute: Execute) -> Any:
    """Start the control socket at `path`."""
    return await gen_server.start_link(Control, path, execute, name=NAME)


async def _reload(execute: Execute) -> None:
    try:
        answer = await execute("reload", {})
    except CommandError as error:
        log.error("not reloaded: %s", error)
    else:
        log.info("%s", answer.value["text"].replace("\n", "; "))


def _accept(sock: socket.socket, execute: Execute) -> None:
    """The loop says that somebody is at the door; only the owner and root come in."""
    with contextlib.suppress(OSError):
        connection, _ = sock.accept()
        connection.setblocking(False)
        if unix_socket.peer_uid(connection) in (0, os.getuid()):
            process.spawn(_serve, connection, execute)
        else:
            connection.close()


async def _serve(connection: socket.socket, execute: Execute) -> None:
    """One connection, in a process of its own."""
    buffer = bytearray()
    try:
        while data := await THIS.loop.sock_recv(connection, 65536):
            buffer += data
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                answer = await answer_to(line, execute)
                await THIS.loop.sock_sendall(connection, json.dumps(answer).encode() + b"\n")
            if len(buffer) > MAX_REQUEST:
                return
    except OSError:
        return
    finally:
        connection.close()


async def answer_to(line: bytes, execute: Execute) -> dict[str, Any]:
    """The answer to one request: {"ok": result}, with "text" where a command has words of its own for it, or {"error":
    text, "status": exit code}."""
    try:
        request = json.loads(line)
        name, params = str(request["command"]), dict(request.get("params") or {})
    except (ValueError, KeyError, TypeError):
        return {"error": "not a request", "status": EXIT_USAGE}
    try:
        answer = await execute(name, params)
    except CommandError as error:
        return {"error": str(error), "status": error.status}
    except Exception as error:
        log.exception("command %s failed", name)
        return {"error": f"{type(error).__name__}: {error}", "status": EXIT_FAILED}
    return {"ok": answer.value} if answer.text is None else {"ok": answer.value, "text": answer.text}
