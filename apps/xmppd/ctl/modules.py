"""modules — which mod_* there are and which options they take, for the checking of a configuration.

OTP:      none; cf. gen_mod's mod_options/1
Way:      ctl.options → [modules] → config.load (`known`)
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from xmppd import mods


def known_modules() -> dict[str, Mapping[str, Any]]:
    """Give every module of xmppd.mods with its options and their defaults (None: no default to compare with)."""
    names = [found.name for found in pkgutil.iter_modules(mods.__path__) if found.name.startswith("mod_")]
    return {name: _defaults(name) for name in names}


def _defaults(name: str) -> dict[str, Any]:
    options = getattr(importlib.import_module(f"{mods.__name__}.{name}"), "Options", None)
    if options is None or not dataclasses.is_dataclass(options):
        return {}
    return {f.name: None if f.default is dataclasses.MISSING else f.default for f in dataclasses.fields(options)}
