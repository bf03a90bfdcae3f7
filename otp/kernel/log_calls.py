"""log_calls — a line of the log at each of the eight levels: of text, of a report, or of what a function gives.

OTP:      logger:emergency/1,2,3 … debug/1,2,3, log/2,3,4, format_report/1
Way:      callers → [log_calls] → logging → log_config's handlers
Differs:  text is formatted with %, as in the standard library's logging

    log_calls.alert("%d sessions lost", 3)
    log_calls.info({"what": "restarted", "child": "sm"})
    log_calls.debug(lambda: expensive())                 # called only if the line is written
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from otp.erts.suggest import meant
from otp.kernel.log_config import LEVELS, LoggerError

Report = Mapping[str, Any] | Iterable[tuple[str, Any]]


def log(level: str, what: Any, *args: Any, name: str = "otp.user", **metadata: Any) -> None:
    """A line at `level`: text with its arguments, a report (a mapping, or pairs), or a function that gives either.

    `metadata` become fields of the record. A function that fails is told in its place. Raises: LoggerError for an
    unknown level.
    """
    if level not in LEVELS or level in ("all", "none"):
        raise LoggerError(f"invalid_level: {level!r}; {meant(level, LEVELS)}")
    logger, number = logging.getLogger(name), LEVELS[level]
    if not logger.isEnabledFor(number):
        return
    if callable(what):
        what = _called(what)
    if isinstance(what, str):
        logger.log(number, what, *args, extra=metadata)
    else:
        logger.log(number, "%s", format_report(what), extra={"report": what, **metadata})


def format_report(report: Report) -> str:
    """A report as text: a line for each key; anything else as Python shows it."""
    pairs = report.items() if isinstance(report, Mapping) else report
    if isinstance(pairs, (list, tuple)) and not all(isinstance(p, tuple) and len(p) == 2 for p in pairs):
        return repr(report)
    try:
        return "\n".join(f"{key}: {value if isinstance(value, str) else repr(value)}" for key, value in pairs)
    except (TypeError, ValueError):
        return repr(report)


def _called(fn: Callable[[], Any]) -> Any:
    try:
        return fn()
    except BaseException as exc:
        return f"LAZY_FUN CRASH: {exc!r}".replace("%", "%%")


emergency: Final = partial(log, "emergency")
alert: Final = partial(log, "alert")
critical: Final = partial(log, "critical")
error: Final = partial(log, "error")
warning: Final = partial(log, "warning")
notice: Final = partial(log, "notice")
info: Final = partial(log, "info")
debug: Final = partial(log, "debug")
