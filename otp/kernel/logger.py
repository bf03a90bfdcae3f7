"""logger — log lines that know their process: one record, one line, whatever is in it.

OTP:      logger.erl, logger_std_h.erl, logger_formatter.erl
Way:      logging (anywhere) → [logger] → a file that all workers append to, or standard error
Process:  none: a handler of the standard library's logging
Differs:  text or JSON lines; control characters are escaped, so nobody forges a line; what looks like a secret is
          masked; floods are capped (log_cap); several OS processes append to one file, a write each

    logger.setup(LogConfig(path=Path("var/log/xmppd.log"), format="json"))
    log.warning("refused %s", logger.client_text(text_of_a_stranger))
    logger.reopen()                          # after the file was moved away (SIGHUP)
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from otp.erts.pid import HERE
from otp.erts.scheduler import THIS
from otp.kernel.log_cap import Cap

#: how many attributes a record has that nobody added to
_USUAL: Final = len(vars(logging.makeLogRecord({})))
#: characters of a client's string that reach the log
CLIENT_TEXT: Final = 200
#: longest line, in characters
LONGEST: Final = 16_384

# control characters, and those that nobody sees or that turn a line round
_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SECRETS: Final = re.compile(
    r"(?i)(<(?:auth|response|challenge|success|password|handshake)\b[^>]*>)[^<]+"
    r"|(\b(?:password|passwd|secret|cookie|token|authorization)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&)}\]]+"
)
#: parts of which none is missing where _SECRETS finds anything: to look for them first costs a fraction of it
_HINTS: Final = ("<", "passw", "secret", "cookie", "token", "authorization")
_SECRET_KEYS: Final = frozenset({"password", "passwd", "secret", "cookie", "token"})
_EMPTY: Final = vars(logging.makeLogRecord({}))
_LOWER: Final = {level: logging.getLevelName(level).lower() for level in (logging.INFO, logging.WARNING)}
_PLAIN: Final = frozenset(_EMPTY) | {"message", "asctime", "taskName"}
# a supervisor's report says as a tree what the text says already
_NOT_TOLD: Final = _PLAIN | {"pid", "registered", "report", "reason"}


@dataclass(frozen=True, slots=True)
class LogConfig:
    """Where and how: no path means standard error; `level` is logging's name of one."""

    path: Path | None = None
    format: Literal["text", "json"] = "text"
    level: str = "INFO"


def client_text(text: object) -> str:
    """A stranger's string as it may stand in a log line: in quotes, which it cannot close, escaped, and cut to
    CLIENT_TEXT characters."""
    whole = str(text)
    more = len(whole) - CLIENT_TEXT
    cut = whole[:CLIENT_TEXT].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escape(cut)}"' + (f"(+{more})" if more > 0 else "")


def write(log: logging.Logger, level: int, text: str) -> None:
    """log.log(level, text) for callers that write a line for each of many actions: nobody asks where in the code it
    stands, on which thread, or in which OS process. The level was looked at before."""
    if log.parent is logging.root and not log.handlers and not log.filters and len(logging.root.handlers) == 1:
        [handler] = logging.root.handlers
        if type(handler) is LineHandler and handler.writes_plainly(level):
            handler.put(log.name, level, text)  # where nobody else wants to see a record, none is made
            return
    now = time.time()
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__ = {
        **_EMPTY, "name": log.name, "levelno": level, "levelname": logging.getLevelName(level), "msg": text,
        "args": None, "created": now, "msecs": now % 1 * 1000,
    }  # fmt: skip
    log.handle(record)


def setup(config: LogConfig) -> LineHandler:
    """Make `config` the one way for all records of this OS process; again replaces it. Raises: OSError."""
    handler = LineHandler(config)
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, LineHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(config.level.upper())
    return handler


def reopen() -> None:
    """Open the file again: it may have been moved away. If it cannot be opened, the old one stays in use."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LineHandler):
            handler.reopen()


class LineHandler(logging.Handler):
    """Writes each record as one line with one write(2); never raises, never blocks on a lock of another process."""

    def __init__(self, config: LogConfig) -> None:
        super().__init__()
        self.config = config
        self._fd = _open(config.path)
        self._cap = Cap()
        self._guard = threading.RLock() if self.lock is None else self.lock
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, unless its like has flooded the log."""
        try:
            before = self._cap.admit(record.name, record.levelno, str(record.msg))
            if before is None:
                return
            for text in before:
                self._write(line(_summary(record, text), self.config.format))
            self._write(line(record, self.config.format))
        except OSError:
            self.lost += 1  # the disk is full: a server lives on without its log
        except Exception:
            self.handleError(record)

    def writes_plainly(self, level: int) -> bool:
        """Whether `put` does what a record of this level would do."""
        return self.config.format == "text" and not self.filters and level >= self.level

    def put(self, name: str, level: int, text: str) -> None:
        """Write a line of a logger, as `emit` does for a record that has a name, a level and a text only."""
        before = self._cap.admit(name, level, text)
        if before is None:
            return
        running = THIS.running if threading.get_ident() == THIS.thread else None
        who = _who(str(running.pid), running.name) if running is not None else "-"
        now, what = time.time(), _LOWER.get(level) or logging.getLevelName(level).lower()
        with self._guard:
            try:
                for summary in before:
                    self._write(_line(now, what, who, name, summary))
                self._write(_line(now, what, who, name, text))
            except OSError:
                self.lost += 1  # as in emit

    def _write(self, text: str) -> None:
        os.write(self._fd, text.encode("utf-8", "backslashreplace") + b"\n")

    def reopen(self) -> None:
        """See reopen() of the module."""
        try:
            fd = _open(self.config.path)
        except OSError as exc:
            logging.getLogger("otp.logger").error("cannot reopen the log: %s", exc)
            return
        self.acquire()
        try:
            fd, self._fd = self._fd, fd
        finally:
            self.release()
        if fd != 2:
            os.close(fd)

    def close(self) -> None:
        """Close the file."""
        if self._fd not in (-1, 2):
            os.close(self._fd)
        self._fd = -1
        super().close()


def line(record: logging.LogRecord, form: str = "text") -> str:
    """One record as one line, without its newline."""
    if form == "text" and len(vars(record)) <= _USUAL and not record.exc_info:  # as nearly all: nothing was added
        who = _who(*_process(record))
        return _line(record.created, record.levelname.lower(), who, record.name, record.getMessage())
    fields = _fields(record)
    if form == "json":
        return msgspec.json.encode(fields, enc_hook=str).decode()
    who = fields["pid"] + (f" {fields['process']}" if fields.get("process") else "")
    extra = "".join(f" {key}={value}" for key, value in fields.get("extra", {}).items())
    head = f"{fields['time']} {fields['level'].lower()} {fields['node']} {who} {fields['logger']}:"
    return f"{head} {fields['text']}{extra}"[:LONGEST]


def _line(created: float, level: str, who: str, name: str, text: str) -> str:
    second = int(created)
    at = f"{_second(second)}.{int((created - second) * 1000):03d}Z"
    return f"{at} {level} {HERE.node} {who} {name}: {_clean(text)}"[:LONGEST]


def _who(pid: str, name: str | None) -> str:
    return f"{pid} {_clean(name)}" if name else pid


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    text = record.getMessage()
    if record.exc_info and record.exc_info[0] is not None:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    pid, name = _process(record)
    fields: dict[str, Any] = {
        "time": f"{_second(int(record.created))}.{int(record.msecs):03d}Z",
        "level": record.levelname,
        "node": HERE.node,
        "pid": pid,
        "logger": record.name,
        "text": _clean(text)[:LONGEST],
    }
    if name:
        fields["process"] = _clean(name)
    told = vars(record)
    if len(told) <= _USUAL:  # as nearly all: nothing was added
        return fields
    extra = {key: _extra(key, value) for key, value in told.items() if key not in _NOT_TOLD}
    return {**fields, "extra": extra} if extra else fields


@lru_cache(2)
def _second(second: int) -> str:
    """A second of UTC as a line begins with it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _extra(key: str, value: Any) -> str:
    return "***" if key.lower() in _SECRET_KEYS else _clean(str(value))[: CLIENT_TEXT * 5]


def _process(record: logging.LogRecord) -> tuple[str, str]:
    told = vars(record)
    if "pid" in told:
        return str(told["pid"]), str(told.get("registered") or "")
    running = THIS.running if threading.get_ident() == THIS.thread else None
    if running is None:
        return "-", ""
    return str(running.pid), running.name or ""


def _clean(text: str) -> str:
    folded = text.casefold()
    for hint in _HINTS:
        if hint in folded:
            return _escape(_SECRETS.sub(lambda m: f"{m.group(1) or m.group(2)}***", text))
    return _escape(text)


def _escape(text: str) -> str:
    if text.isprintable():  # and so without any of them
        return text
    return _CONTROL.sub(lambda m: m.group().encode("unicode_escape").decode(), text)


def _summary(record: logging.LogRecord, text: str) -> logging.LogRecord:
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, None)


def _open(path: Path | None) -> int:
    if path is None:
        return 2
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
