"""log_setup — where log lines go and how they look: text or JSON, each with its node and process.

OTP:      logger's default handler and formatter
Way:      ctl.parent, ctl.worker → [log_setup] → log/xmppd.log, or stderr in the foreground
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
from pathlib import Path

from otp.erts.pid import HERE
from otp.erts.scheduler import THIS
from xmppd.config.schema import Log


class Lines(logging.Formatter):
    """One event in text: time, level, process, logger, message; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """As above."""
        head = f"{stamp(record)} {record.levelname.lower():<7} {who()} {record.name}: {record.getMessage()}"
        return head + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class Json(logging.Formatter):
    """One event as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """As above."""
        event = {
            "time": stamp(record),
            "level": record.levelname.lower(),
            "process": who(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False)


def who() -> str:
    """Give the pid of the process that runs, or the node's name outside of any."""
    running = getattr(THIS, "running", None)
    return str(running.pid) if running is not None else f"<{HERE.node}>"


def stamp(record: logging.LogRecord) -> str:
    """Give the time of an event in UTC, to the millisecond."""
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def set_up(log: Log, file: Path | None) -> None:
    """Send what is logged to a file (found again when it was moved away: rotation needs no signal) or to stderr."""
    handler: logging.Handler
    handler = logging.handlers.WatchedFileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if log.format == "json" else Lines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    set_level(log.level)


def set_level(level: str) -> None:
    """Keep what is at least so severe; that each child of a supervisor has started is told at debug only."""
    logging.getLogger().setLevel(level.upper())
    logging.getLogger("otp.supervisor").setLevel("DEBUG" if level == "debug" else "WARNING")
