"""output — what the parent writes to its standard output and standard error: in JSON mode one object a line.

OTP:      cf. logger's formatters; the standard error of a port program
Way:      otp.kernel.peer (lines of workers), boot, readiness, tracebacks → [output] → terminal, journal, container
Differs:  the log itself goes past it, straight to the descriptor: its lines are objects already
"""

from __future__ import annotations

import io
import json
import re
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, TextIO

#: variable and flag that ask for JSON before the configuration has been read
_VARIABLE, _FLAG = "XMPPD_LOG_FORMAT", "log.format"
#: a line of the log as text: time, level, node
_LINE: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z \w+ (\S+) ")


def wants_json(flags: Mapping[str, str], env: Mapping[str, str]) -> bool:
    """Whether JSON was asked for in a way that is known without the configuration."""
    return flags.get(_FLAG, env.get(_VARIABLE, "")).strip() == "json"


def record(text: str, level: str, node: str = "main", extra: Mapping[str, Any] | None = None) -> str:
    """One line of the log as JSON has it, of something that is no record of the log."""
    moment = time.time()
    told = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(moment))}.{int(moment % 1 * 1000):03d}Z"
    fields: dict[str, Any] = {"time": told, "level": level, "node": node, "pid": "-", "logger": "xmppd.output"}
    fields["text"] = text
    return json.dumps({**fields, "extra": dict(extra)} if extra else fields, ensure_ascii=False)


def relay(worker: str, line: str) -> None:
    """Let out a line of a worker's standard error; one that names its worker by itself, as it is."""
    if isinstance(sys.stderr, JsonLines):
        sys.stderr.write_line(line, worker)
    else:
        found = _LINE.match(line)
        named = _is_object(line) or (found is not None and found[1] == worker)
        sys.stderr.write(f"{line}\n" if named else f"{worker}: {line}\n")


def take_over() -> None:
    """From now on what is written to sys.stdout and sys.stderr of this process is one object a line."""
    sys.stdout, sys.stderr = JsonLines(sys.stdout, "INFO"), JsonLines(sys.stderr, "ERROR")


class JsonLines(io.TextIOBase):
    """A text stream that makes an object of each line which is none; all of a line at once."""

    def __init__(self, inner: TextIO, level: str) -> None:
        self._inner, self._level = inner, level
        self._rest = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Take text; lines that are whole are let out."""
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self.write_line(line)
        return len(text)

    def write_line(self, line: str, node: str = "main") -> None:
        """Let out one line."""
        if line.strip():
            self._inner.write((line if _is_object(line) else record(line, self._level, node)) + "\n")
            self._inner.flush()

    def flush(self) -> None:
        """Of the stream behind; what is no whole line waits."""
        self._inner.flush()

    def fileno(self) -> int:
        """The descriptor behind."""
        return self._inner.fileno()

    def isatty(self) -> bool:
        """Nobody reads this in colour."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True


def _is_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
