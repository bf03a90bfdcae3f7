"""process_metadata — what every log line of a process says besides its text.

OTP:      logger:set_process_metadata/1 and its like
Way:      log_config's handlers, logger.line → [process_metadata] → the process dictionary
Process:  the running one
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from otp.erts import process
from otp.erts.scheduler import THIS

_KEY: Final = "$logger_metadata$"
_RESERVED: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def set_process_metadata(metadata: Mapping[str, Any]) -> None:
    """Put metadata in place of what the running process had. Raises: ValueError for a name that a record has itself."""
    if taken := _RESERVED & metadata.keys():
        raise ValueError(f"a log record has these itself: {', '.join(sorted(taken))}")
    process.put(_KEY, dict(metadata))


def update_process_metadata(metadata: Mapping[str, Any]) -> None:
    """Add to it, or change it. Raises: ValueError."""
    set_process_metadata({**(get_process_metadata() or {}), **metadata})


def get_process_metadata() -> dict[str, Any] | None:
    """What the running process has, or None."""
    metadata: dict[str, Any] | None = process.get(_KEY)
    return metadata


def unset_process_metadata() -> None:
    """Take it away."""
    process.erase(_KEY)


def join(record: logging.LogRecord) -> logging.LogRecord:
    """The record with the metadata of the running process as fields; what it says itself goes before."""
    running = THIS.running
    metadata = (running.dictionary or {}).get(_KEY) if running is not None else None
    for key, value in (metadata or {}).items():
        vars(record).setdefault(key, value)
    return record
