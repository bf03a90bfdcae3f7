"""client — talks to a running server over its control socket.

OTP:      cf. erl_call, ejabberdctl's rpc
Way:      cli.main → [client] → node.control

The protocol: one JSON object per line. A request is {"command": name, "params": {…}}; the answer {"ok": result}
with "text" where the command has words of its own for it, or {"error": text, "status": exit
code}. Before the answer there may be lines {"note": text}.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

from otp.kernel import unix_socket
from xmppd.commands import EXIT_NOT_RUNNING, EXIT_PERMISSION, EXIT_TRY_AGAIN, Answer, CommandError
from xmppd.node.home import Home, as_owner


class NotRunning(CommandError):
    """Nobody answers at the control socket of this home."""

    def __init__(self, home: Home) -> None:
        words = "" if home.path.exists() else ", which does not exist: --home says another"
        super().__init__(f"not running (home {home.path}{words})", EXIT_NOT_RUNNING)


class ControlConnection:
    """One connection to the control socket; requests go one after the other."""

    def __init__(self, home: Home, timeout: float = 30.0) -> None:
        self._socket = _connect(home, timeout)
        self._file = self._socket.makefile("rb")

    def ask(self, command: str, params: dict[str, Any], note: Callable[[str], None] = print) -> Any:
        """The result of a command. Raises CommandError with the server's words."""
        return self.answer(command, params, note).value

    def answer(self, command: str, params: dict[str, Any], note: Callable[[str], None] = print) -> Answer:
        """The result of a command, and its words. Raises CommandError with the server's words."""
        self._socket.sendall(json.dumps({"command": command, "params": params}).encode() + b"\n")
        while line := self._file.readline():
            answer = json.loads(line)
            if "note" in answer:
                note(answer["note"])
            elif "error" in answer:
                raise CommandError(answer["error"], answer.get("status", 1))
            else:
                return Answer(answer["ok"], answer.get("text"))
        raise CommandError("the server went away before it answered", EXIT_TRY_AGAIN)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


def _connect(home: Home, timeout: float) -> socket.socket:
    try:
        sock = unix_socket.connect(home.control)
    except PermissionError:
        raise CommandError(f"{home.control} may not be used: {as_owner(home.control)}", EXIT_PERMISSION) from None
    except BlockingIOError:
        raise CommandError("the server is too busy to answer", EXIT_TRY_AGAIN) from None
    except OSError:
        raise NotRunning(home) from None
    sock.settimeout(timeout)
    return sock


def ask(home: Home, command: str, params: dict[str, Any], timeout: float = 30.0) -> Any:
    """The result of one command. Raises NotRunning, CommandError, also after `timeout` seconds."""
    return answer(home, command, params, timeout).value


def answer(home: Home, command: str, params: dict[str, Any], timeout: float = 30.0) -> Answer:
    """The result of one command, and its words. Raises as `ask`."""
    connection = ControlConnection(home, timeout)
    try:
        return connection.answer(command, params)
    except TimeoutError:
        raise CommandError(f"no answer within {timeout:g} s", EXIT_TRY_AGAIN) from None
    finally:
        connection.close()
