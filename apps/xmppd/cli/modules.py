"""modules — which mod_* there are and which options they take, for the checking and explaining of a configuration.

OTP:      none; cf. gen_mod's mod_options/1 and mod_doc/0
Way:      cli.reading → [modules] → config.load (`known`); cli.config_verbs → [modules.explain]
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from xmppd import mods
from xmppd.config import describe
from xmppd.config.kinds import suggest
from xmppd.config.schema import Config


def known_modules() -> dict[str, Mapping[str, Any]]:
    """Return every module of xmppd.mods with its options and their defaults (None: no default to compare with)."""
    return {name: _defaults(name) for name in names()}


def names() -> list[str]:
    """Return the names of all modules of xmppd.mods."""
    return [found.name for found in pkgutil.iter_modules(mods.__path__) if found.name.startswith("mod_")]


def explain(key: str, config: Config) -> str:
    """Explain `modules` (all of them), or one by its name, behind `modules.` or without it; "" if none is meant.

    Raises KeyError with a suggestion for a module that there is not.
    """
    name = key.strip("[]").removeprefix("modules.")
    if name == "modules":
        return "\n".join(f"{found:<14} {_words(found)}" for found in names())
    if not name.startswith("mod_"):
        return ""
    if name not in names():
        raise KeyError(f'no module "{name}"{suggest(name, names())}')
    given = config.modules.get(name)
    shown = describe.without_secrets(given or {})
    lines = [f"{name}", f"  {_words(name)}", f"  runs     {'no' if given is None else 'yes'}   in [modules]: {name} = "]
    lines[-1] += "{ option = value }, or false"
    lines += [f"  option   {option} = {describe.toml(default)}" for option, default in _defaults(name).items()]
    lines += [f"  now      {option} = {describe.toml(value)}" for option, value in shown.items()]
    return "\n".join(lines)


def _words(name: str) -> str:
    head = (importlib.import_module(f"{mods.__name__}.{name}").__doc__ or "").partition("\n")[0]
    return head.partition(" — ")[2]


def _defaults(name: str) -> dict[str, Any]:
    options = getattr(importlib.import_module(f"{mods.__name__}.{name}"), "Options", None)
    if options is None or not dataclasses.is_dataclass(options):
        return {}
    return {f.name: _default(f) for f in dataclasses.fields(options)}


def _default(field: dataclasses.Field[Any]) -> Any:
    factory = field.default_factory
    if field.default is not dataclasses.MISSING:
        return field.default
    return None if factory is dataclasses.MISSING else factory()
