"""release_file — reads what a release consists of: NAME.rel.toml, the applications' resources, sys.config.toml.

OTP:      rel(4), config(4)
Way:      files → [release_file] → systools → boot

    script = release_file.read_script(Path("rel/xmppd.rel.toml"))
    env = release_file.read_config(Path("rel/sys.config.toml"))      # [xmppd] config = "etc/xmppd.toml"
    sys.exit(boot.run(script, env))
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from otp.kernel import app_resource
from otp.kernel.app_resource import AppResourceError, AppSpec
from otp.release import systools
from otp.release.systools import ReleaseError, Script


def read_script(path: Path, code_path: Iterable[str | Path] | None = None) -> Script:
    """The boot script of a release file; applications are found on the code path (sys.path unless given).

    Raises: ReleaseError, AppResourceError.
    """
    release = systools.parse_release(_text(path), str(path))
    dirs = None if code_path is None else list(code_path)
    specs: dict[str, AppSpec] = {}
    problems: list[str] = []
    for name, _type in release.applications:
        try:
            specs[name] = app_resource.find(name, dirs)
        except AppResourceError as exc:
            problems.append(str(exc))
    if problems:
        raise ReleaseError("\n".join(problems))
    return systools.make_script(release, specs)


def read_config(path: Path) -> dict[str, dict[str, Any]]:
    """The settings of each application in a sys.config.toml: a table per application. Raises: ReleaseError."""
    try:
        tables = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as exc:
        raise ReleaseError(f"{path}: not TOML: {exc}") from exc
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ReleaseError(f"{path}: {name!r} must be a table of settings, [{name}]")
    return tables


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ReleaseError(f"{path}: cannot be read: {exc}") from exc
