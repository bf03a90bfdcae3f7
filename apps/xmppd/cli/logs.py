"""logs — the end of the log file, and what is added to it.

OTP:      none
Way:      cli.lifecycle → [logs]
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK = 65536


def tail(file: Path, count: int) -> list[str]:
    """Return the last `count` lines; none if there is no file."""
    try:
        with file.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            data = b""
            while end > 0 and data.count(b"\n") <= count:
                size = min(_BLOCK, end)
                end = log.seek(end - size)
                data = log.read(size) + data
    except FileNotFoundError:
        return []
    return list(deque(data.decode(errors="replace").splitlines(), count)) if count else []


def follow(file: Path, pause: float = 0.2) -> Iterator[str]:
    """Yield lines as they are added, for ever; a file that was moved away is followed by its successor."""
    log = None
    while True:
        if log is None and file.exists():
            log = file.open(encoding="utf-8", errors="replace")
            log.seek(0, os.SEEK_END)
        line = log.readline() if log else ""
        if line:
            yield line.rstrip("\n")
            continue
        time.sleep(pause)
        if log and _moved(log.fileno(), file):
            log.close()
            log = file.open(encoding="utf-8", errors="replace")


def as_data(line: str) -> dict[str, Any]:
    """Return a line as an object: what it is if the log is JSON, else {"line": text}."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"line": line}


def _moved(fd: int, file: Path) -> bool:
    try:
        return os.fstat(fd).st_ino != file.stat().st_ino
    except FileNotFoundError:
        return False
