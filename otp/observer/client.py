"""client — asks a running program over its observer's socket.

OTP:      cf. erl_call
Way:      source, cli → [client] → server
Process:  none: it blocks

The protocol: one JSON object per line. A request is {"command": name, "params": {…}}; the answer {"ok": result} or
{"error": text}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from otp.kernel import unix_socket
from otp.observer.errors import NobodyListens, ObserverError


def ask(path: Path, command: str, params: dict[str, Any], timeout: float = 30.0) -> Any:
    """The result of one command; seconds. Raises: NobodyListens, ObserverError."""
    try:
        sock = unix_socket.connect(path)
    except PermissionError:
        raise NobodyListens(f"{path} is another user's") from None
    except OSError:
        raise NobodyListens(f"nobody answers at {path}") from None
    sock.settimeout(timeout)
    try:
        with sock, sock.makefile("rb") as lines:
            sock.sendall(json.dumps({"command": command, "params": params}).encode() + b"\n")
            line = lines.readline()
    except TimeoutError:
        raise ObserverError(f"no answer within {timeout:g} s") from None
    except OSError:
        line = b""
    if not line:
        raise ObserverError("the program went away before it answered")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise ObserverError(answer["error"])
    return answer.get("ok")
