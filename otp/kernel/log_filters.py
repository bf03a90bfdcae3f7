"""log_filters — filters that are ready to use: by domain, by level, of progress reports.

OTP:      logger_filters.erl
Way:      log_config → [log_filters]
Differs:  the domain of a record is the name of its logger: «otp.supervisor» lies in «otp»
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Literal

from otp.erts.suggest import meant
from otp.kernel.log_config import LEVELS

Action = Literal["log", "stop"]
_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "lt": lambda a, b: a < b,
    "lteq": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "gteq": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "neq": lambda a, b: a != b,
}


def domain(record: logging.LogRecord, extra: tuple[Action, str, str]) -> logging.LogRecord | str:
    """`extra` (action, how, domain): the action if the record's domain is `sub`, `super`, `equal`, `not_equal` to it.

    sub: lies in it or is it; super: it lies in the record's. Else "ignore". Raises: ValueError for another word.
    """
    action, how, name = extra
    match how:
        case "sub":
            hit = _within(record.name, name)
        case "super":
            hit = _within(name, record.name)
        case "equal" | "not_equal":
            hit = (record.name == name) == (how == "equal")
        case _:
            raise ValueError(f"no such comparison: {how!r}; {meant(how, ('sub', 'super', 'equal', 'not_equal'))}")
    return _done(record, action, hit)


def level(record: logging.LogRecord, extra: tuple[Action, str, str]) -> logging.LogRecord | str:
    """`extra` (action, how, level): the action if the record is lt, lteq, eq, gteq, gt, neq that level; else "ignore".

    Raises: ValueError for another word or level.
    """
    action, how, name = extra
    if how not in _COMPARE:
        raise ValueError(f"no such comparison: {how!r}; {meant(how, _COMPARE)}")
    if name not in LEVELS:
        raise ValueError(f"no such level: {name!r}; {meant(name, LEVELS)}")
    return _done(record, action, _COMPARE[how](record.levelno, LEVELS[name]))


def progress(record: logging.LogRecord, action: Action) -> logging.LogRecord | str:
    """The action for a progress report of a supervisor or application; else "ignore"."""
    report: Any = vars(record).get("report")
    label = report.get("label") if isinstance(report, dict) else None
    return _done(record, action, isinstance(label, tuple) and label[1:] == ("progress",))


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def _done(record: logging.LogRecord, action: Action, hit: bool) -> logging.LogRecord | str:
    if action not in ("log", "stop"):
        raise ValueError(f"no such action: {action!r}; {meant(action, ('log', 'stop'))}")
    return "ignore" if not hit else record if action == "log" else "stop"
