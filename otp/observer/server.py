"""server — the socket at which a running program is observed: commands come in as lines of JSON, results go out.

OTP:      gen_server; cf. the node's own end of erl_call
Way:      client → otp.kernel.line_socket → [server] → commands
Process:  `observer`, permanent, where the program starts it; one process per connection, each on its own

    await server.start_link(Path("shop.sock"))           # or server.spec(path) under a supervisor
                                                         # then: python -m otp.observer shop.sock

Only the program's user may connect to the socket; a client may see everything and end everything.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

from otp.erts.pid import Pid
from otp.kernel import line_socket
from otp.observer import backend, commands, crash, tracing
from otp.observer.errors import ObserverError
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer

NAME: Final = "observer"
#: what a node lets others ask, once this module is loaded
EXPORTS: Final = (backend, crash, tracing)

log = logging.getLogger("otp.observer")


class ObserverServer(GenServer[Path]):
    """See the head of the file."""

    def init(self, path: Path) -> Path:
        """Listen. Raises: OSError, e.g. if another program listens there."""
        line_socket.listen(path, answer_to)
        return path


async def start_link(path: str | Path) -> Pid | None:
    """Let this program be observed at a socket at `path`. Raises: StartError if nobody can listen there."""
    return await gen_server.start_link(ObserverServer, Path(path), name=NAME)


def spec(path: str | Path) -> ChildSpec:
    """The same as a child of a supervisor."""
    return ChildSpec(NAME, (start_link, (path,)))


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
