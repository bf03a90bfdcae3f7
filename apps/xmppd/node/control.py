"""control — the control socket: commands come in as lines of JSON, results go out.

OTP:      gen_server; cf. the node's own end of erl_call, and ejabberd_ctl
Way:      cli.client → otp.kernel.line_socket → [control] → admin.dispatch
Process:  `control`, permanent, under parent_sup in the parent; one process per connection, each on its own
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.kernel import line_socket
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.commands import EXIT_FAILED, EXIT_USAGE, Answer, CommandError

NAME: Final = "control"
Execute = Callable[[str, dict[str, Any]], Awaitable[Answer]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ControlState:
    """The process that carries out commands."""

    execute: Execute


@dataclass(frozen=True)
class Reload:
    """To `control`: carry out `reload`, and log how it went (SIGHUP)."""


class Control(GenServer[ControlState]):
    """See the head of this file; `execute(name, params)` carries out a command."""

    def init(self, path: Path, execute: Execute) -> ControlState:
        """Listen."""
        line_socket.listen(path, lambda line: answer_to(line, execute))
        return ControlState(execute)

    def handle_info(self, message: object, state: ControlState) -> NoReply[ControlState]:
        """SIGHUP: like a request that nobody waits for."""
        if isinstance(message, Reload):
            process.spawn(_reload, state.execute)
        return NoReply(state)


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
