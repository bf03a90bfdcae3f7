"""log_config — handlers, filters and levels of the log, changed while the node runs.

OTP:      logger.erl: handlers, primary and handler filters, module and application levels, process metadata
Way:      logging (anywhere) → primary filters → [log_config] → each handler's level and filters → handler
Process:  none: what it adds to the root logger of the standard library's logging
Differs:  a handler is a logging.Handler; a module level is that of a logger's name; a record, not a map, passes filters

    only_ours = {"domain": (log_filters.domain, ("log", "sub", "xmppd"))}
    log_config.add_handler("audit", handler, level="notice", filters=only_ours, filter_default="stop")
    log_config.set_module_level("otp.supervisor", "debug")
    log_calls.notice("accounts: %d", 12)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from otp.erts.suggest import meant
from otp.kernel import application_controller
from otp.kernel.process_metadata import join

#: from the gravest; «all» and «none» stand for no bound and for nothing
LEVELS: Final = {
    "none": 100,
    "emergency": 80,
    "alert": 70,
    "critical": 50,
    "error": 40,
    "warning": 30,
    "notice": 25,
    "info": 20,
    "debug": 10,
    "all": 1,
}
for _name in ("emergency", "alert", "notice"):
    logging.addLevelName(LEVELS[_name], _name.upper())

log_ = logging.getLogger("otp.logger")

#: fn(record, extra) -> the record (perhaps changed) to log it, "stop", or "ignore" to leave it to the next filter
Filter = tuple[Callable[[logging.LogRecord, Any], Any], Any]
Default = Literal["log", "stop"]


class LoggerError(Exception):
    """A change of the configuration that cannot be; the text says why, as logger's {error, Reason}."""


@dataclass(frozen=True, slots=True)
class HandlerConfig:
    """What a handler is to take: from which level on, through which filters (by id), and what they leave undecided."""

    level: str = "all"
    filters: Mapping[str, Filter] = field(default_factory=dict)
    filter_default: Default = "log"
    formatter: logging.Formatter | None = None


class _Guarded(logging.Handler):
    """Stands at the root logger for one handler."""

    def __init__(self, id_: str, inner: logging.Handler, config: HandlerConfig) -> None:
        super().__init__()
        self.id, self.inner, self.config = id_, inner, config

    def emit(self, record: logging.LogRecord) -> None:
        """Filter it, hand it on; a handler that fails is removed, and the others hear of it."""
        passed = _filtered(record, _primary.filters, _primary.filter_default, "primary")
        if passed is None or record.levelno < LEVELS[self.config.level]:
            return
        passed = _filtered(passed, self.config.filters, self.config.filter_default, self.id)
        if passed is None:
            return
        try:
            self.inner.emit(_printable(passed))
        except Exception as exc:
            _drop(self)
            log_.error("handler %s failed and was removed: %r", self.id, exc)


#: primary configuration, and the handlers by id
_primary = HandlerConfig(level="notice")
_handlers: Final[dict[str, _Guarded]] = {}
#: loggers whose level was set here
_levelled: Final[set[str]] = set()


# -- handlers


def add_handler(id_: str, handler: logging.Handler, **config: Any) -> None:
    """Have a handler take records; `config`: the fields of HandlerConfig.

    A handler may have adding_handler(config), changing_config(old, new) and removing_handler(config); the first two
    may raise LoggerError. Raises: LoggerError for a taken id or a config that cannot be.
    """
    if id_ in _handlers:
        raise LoggerError(f"already_exist: {id_}")
    checked = _checked(HandlerConfig(), config)
    _told(handler, "adding_handler", checked)
    if checked.formatter is not None:
        handler.setFormatter(checked.formatter)
    guarded = _handlers[id_] = _Guarded(id_, handler, checked)
    logging.getLogger().addHandler(guarded)


def remove_handler(id_: str) -> None:
    """Take a handler away. Raises: LoggerError if there is none of that id."""
    guarded = _handler(id_)
    _drop(guarded)
    _told(guarded.inner, "removing_handler", guarded.config)


def stop() -> None:
    """Take all handlers away, each told, and the primary configuration and all levels back to where they began."""
    for id_ in list(_handlers):
        try:
            remove_handler(id_)
        except LoggerError as exc:
            log_.error("handler %s: %s", id_, exc)
    update_primary_config(level="notice", filters={}, filter_default="log")
    unset_module_level(_levelled)
    _levelled.clear()


def get_handler_ids() -> list[str]:
    """The ids, in the order they were added."""
    return list(_handlers)


def get_handler_config(id_: str) -> HandlerConfig:
    """What a handler takes. Raises: LoggerError."""
    return _handler(id_).config


def update_handler_config(id_: str, **config: Any) -> None:
    """Change some fields of a handler's configuration. Raises: LoggerError; then nothing is changed."""
    guarded = _handler(id_)
    new = _checked(guarded.config, config)
    _told(guarded.inner, "changing_config", guarded.config, new)
    guarded.config = new
    if "formatter" in config:
        guarded.inner.setFormatter(new.formatter)


def set_handler_config(id_: str, **config: Any) -> None:
    """update_handler_config(), with all fields that are not given as they are by default."""
    defaults = HandlerConfig()
    every = {name: getattr(defaults, name) for name in HandlerConfig.__dataclass_fields__}
    update_handler_config(id_, **{**every, **config})


def add_handler_filter(id_: str, name: str, fn: Callable[..., Any], extra: Any = None) -> None:
    """Add a filter to a handler's. Raises: LoggerError for a taken name."""
    update_handler_config(id_, filters=_with(get_handler_config(id_).filters, name, fn, extra))


def remove_handler_filter(id_: str, name: str) -> None:
    """Take a filter away. Raises: LoggerError."""
    update_handler_config(id_, filters=_without(get_handler_config(id_).filters, name))


# -- primary configuration: what comes before every handler


def get_primary_config() -> HandlerConfig:
    """Level, filters and their default for all handlers."""
    return _primary


def update_primary_config(**config: Any) -> None:
    """Change some of it. Raises: LoggerError."""
    global _primary
    if "formatter" in config:
        raise LoggerError("the primary configuration has no formatter")
    _primary = _checked(_primary, config)
    logging.getLogger().setLevel(LEVELS[_primary.level])


def add_primary_filter(name: str, fn: Callable[..., Any], extra: Any = None) -> None:
    """Add a filter before all handlers. Raises: LoggerError for a taken name."""
    update_primary_config(filters=_with(_primary.filters, name, fn, extra))


def remove_primary_filter(name: str) -> None:
    """Take it away. Raises: LoggerError."""
    update_primary_config(filters=_without(_primary.filters, name))


# -- levels


def set_module_level(names: str | Iterable[str], level: str) -> None:
    """Have loggers of these names, and those below them, begin at another level than all. Raises: LoggerError."""
    number = _level(level)
    for name in [names] if isinstance(names, str) else names:
        logging.getLogger(name).setLevel(number)
        _levelled.add(name)


def unset_module_level(names: str | Iterable[str]) -> None:
    """Take it back."""
    for name in [names] if isinstance(names, str) else names:
        logging.getLogger(name).setLevel(logging.NOTSET)


def get_module_level(name: str) -> str | None:
    """The level that was set for a name, or None."""
    value = logging.getLogger(name).level
    return next((known for known, number in LEVELS.items() if number == value), None)


def set_application_level(app: str, level: str) -> None:
    """set_module_level() of an application's name and all its modules. Raises: LoggerError if it is not loaded."""
    set_module_level(_modules(app), level)


def unset_application_level(app: str) -> None:
    """Take it back. Raises: LoggerError."""
    unset_module_level(_modules(app))


def compare_levels(one: str, other: str) -> Literal["lt", "eq", "gt"]:
    """Whether a level is graver than another ("gt"), the same, or slighter ("lt"). Raises: LoggerError."""
    a, b = _level(one), _level(other)
    return "eq" if a == b else "gt" if a > b else "lt"


def allow(level: str, name: str = "") -> bool:
    """True if a record of that level is made at all, before filters."""
    return logging.getLogger(name).isEnabledFor(_level(level))


# -- internals


def _modules(app: str) -> list[str]:
    modules = application_controller.get_key(app, "modules")
    if modules is None:
        raise LoggerError(f"not_loaded: {app}")
    return [app, *modules]


def _level(level: str) -> int:
    if level not in LEVELS:
        raise LoggerError(f"invalid_level: {level!r}; {meant(level, LEVELS)}")
    return LEVELS[level]


def _checked(before: HandlerConfig, config: Mapping[str, Any]) -> HandlerConfig:
    if unknown := set(config) - set(HandlerConfig.__dataclass_fields__):
        hints = "; ".join(meant(key, HandlerConfig.__dataclass_fields__) for key in sorted(unknown))
        raise LoggerError(f"unknown keys: {', '.join(sorted(unknown))}; {hints}")
    _level(config.get("level", "all"))
    if config.get("filter_default", "log") not in ("log", "stop"):
        wrong = config["filter_default"]
        raise LoggerError(f"invalid filter_default: {wrong!r}; {meant(wrong, ('log', 'stop'))}")
    for name, entry in config.get("filters", {}).items():
        if not isinstance(entry, tuple) or len(entry) != 2 or not callable(entry[0]):
            raise LoggerError(f"invalid_filter: {name}")
    return replace(before, **config)


def _with(filters: Mapping[str, Filter], name: str, fn: Callable[..., Any], extra: Any) -> dict[str, Filter]:
    if name in filters:
        raise LoggerError(f"already_exist: {name}")
    return {**filters, name: (fn, extra)}


def _without(filters: Mapping[str, Filter], name: str) -> dict[str, Filter]:
    if name not in filters:
        raise LoggerError(f"not_found: {name}")
    return {known: entry for known, entry in filters.items() if known != name}


def _handler(id_: str) -> _Guarded:
    if id_ not in _handlers:
        raise LoggerError(f"not_found: {id_}")
    return _handlers[id_]


def _drop(guarded: _Guarded) -> None:
    _handlers.pop(guarded.id, None)
    logging.getLogger().removeHandler(guarded)


def _told(handler: logging.Handler, what: str, *configs: HandlerConfig) -> None:
    callback = getattr(handler, what, None)
    if callback is None:
        return
    try:
        callback(*configs)
    except LoggerError:
        raise
    except Exception as exc:
        raise LoggerError(f"callback_crashed: {what}: {exc!r}") from exc


def _filtered(
    record: logging.LogRecord, filters: Mapping[str, Filter], default: str, where: str
) -> logging.LogRecord | None:
    for name, (fn, extra) in filters.items():
        try:
            verdict = fn(record, extra)
        except BaseException as exc:
            verdict = exc
        if isinstance(verdict, logging.LogRecord):
            record, default = verdict, "log"
        elif verdict == "stop":
            return None
        elif verdict != "ignore":
            _filter_failed(where, name, verdict)
    return record if default == "log" else None


def _filter_failed(where: str, name: str, verdict: object) -> None:
    filters = _primary.filters if where == "primary" else _handlers[where].config.filters
    rest = _without(filters, name)
    update_primary_config(filters=rest) if where == "primary" else update_handler_config(where, filters=rest)
    log_.error("filter %s of %s failed and was removed: %r", name, where, verdict)


def _printable(record: logging.LogRecord) -> logging.LogRecord:
    """The record, or one that says what is wrong with its arguments: a bad log line must not cost the handler."""
    try:
        record.getMessage()
    except Exception as exc:
        text = f"FORMAT ERROR: {record.msg!r} - {record.args!r}: {exc}"
        fields = {**vars(record), "msg": text, "args": None}
        return logging.makeLogRecord(fields)
    return join(record)
