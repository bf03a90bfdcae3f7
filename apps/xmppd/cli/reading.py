"""reading — the configuration for a verb: read, checked, and tried.

OTP:      none
Way:      cli.options, node.parent → [reading] → config.load, gen_mod, node.preflight
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from xmppd import gen_mod_config, gen_mod_store
from xmppd.cli.modules import known_modules
from xmppd.commands import EXIT_CONFIG, CommandError
from xmppd.config.load import Known, load
from xmppd.config.problems import ConfigError
from xmppd.config.schema import Config
from xmppd.node import preflight
from xmppd.node.preflight import Finding
from xmppd.store import direct


def read(file: str | None, home: Path, flags: Mapping[str, str], known: Known | None = None) -> Config:
    """Read it; `known` as config.load has it. Raises CommandError(78) with all errors."""
    try:
        return load(file, home, os.environ, flags, known)
    except ConfigError as error:
        raise _refused([str(problem) for problem in error.problems], EXIT_CONFIG) from None


def checked(file: str | None, home: Path, flags: Mapping[str, str], strict: bool = False) -> Config:
    """Read it and try it; warnings are in it. Raises as `tried`."""
    config = read(file, home, flags, known_modules())
    found = tried(config, strict)
    return dataclasses.replace(config, warnings=(*config.warnings, *map(str, found)))


def tried(config: Config, strict: bool = False) -> list[Finding]:
    """Try it: modules with their options, certificates, addresses, the store and whether its tables are not those of a
    newer server; returns what there is to warn of.

    `strict`: serious warnings are errors. Raises CommandError(78), or 75 if all that is wrong may pass by itself.
    """
    found = preflight.findings(config)
    file = str(config.paths.config or "")
    wrong = [f"{config.origins.get(key) or file or key}: {text}" for key, text in gen_mod_config.problems(config)]
    wrong += [str(one) for one in found if one.status == EXIT_CONFIG or (strict and one.serious)]
    if not wrong and (text := direct.newer(gen_mod_store.store_config(config), gen_mod_store.schemas(config))):
        wrong.append(f"{config.origins.get('store.backend') or file or 'store'}: {text}")
    passing = [one for one in found if one.status not in (0, EXIT_CONFIG)]
    if wrong or passing:
        raise _refused([*wrong, *map(str, passing)], EXIT_CONFIG if wrong else passing[0].status)
    return found


def _refused(texts: list[str], status: int) -> CommandError:
    count = len(texts)
    return CommandError("\n".join([*texts, f"{count} error{'' if count == 1 else 's'}"]), status)
