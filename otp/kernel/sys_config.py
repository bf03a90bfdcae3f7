"""sys_config — reads configuration files: settings of applications, with files included.

OTP:      the config file of -config (config(4)), read by application_controller
Way:      boot → [sys_config] → application.configure, application_controller.config_change
Differs:  TOML: a table for each application; `include` names further files, beside the file that includes them; what
          a file says itself overrides what it includes, and a later file of several overrides an earlier one

    include = ["secrets.toml"]
    [kernel]
    shutdown_timeout = 20.0
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Settings = dict[str, dict[str, Any]]


class SysConfigError(Exception):
    """A configuration file that cannot be used; the text names it."""


def read(paths: Iterable[Path]) -> Settings:
    """The settings of all files together: application -> key -> value. Raises: ConfigError."""
    settings: Settings = {}
    for path in paths:
        _merge(settings, _file(path.resolve(), ()))
    return settings


def _file(path: Path, including: tuple[Path, ...]) -> Settings:
    if path in including:
        raise SysConfigError(f"{path}: files include each other in a circle")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        by = f"{including[-1]}: " if including else ""
        raise SysConfigError(f"{by}{path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SysConfigError(f"{path}: {exc}") from exc
    settings: Settings = {}
    for name in _included(path, table.pop("include", [])):
        _merge(settings, _file((path.parent / name).resolve(), (*including, path)))
    for app, own in table.items():
        if not isinstance(own, dict):
            raise SysConfigError(f"{path}: {app!r} must be a table, the settings of an application")
    _merge(settings, table)
    return settings


def _included(path: Path, names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SysConfigError(f"{path}: 'include' must be a list of file names")
    return names


def _merge(into: Settings, other: Settings) -> None:
    for app, settings in other.items():
        into.setdefault(app, {}).update(settings)
