"""options — what every verb understands, before it and after it: --config, --home, --set, --json.

OTP:      none
Way:      cli.main, cli.verbs, cli.lifecycle, cli.config_verbs → [options]
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xmppd.cli.render import render
from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.node.home import Home, find_home

if TYPE_CHECKING:
    from xmppd.config.schema import Config

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class GlobalOptions:
    """What was said, wherever it was said; the later one wins."""

    config: str | None = None
    home: str | None = None
    json: bool = False
    flags: dict[str, str] = field(default_factory=dict)

    def where(self) -> Home:
        """Return the home that is meant."""
        return find_home(self.home, os.environ)

    def file(self) -> str | None:
        """Return the configuration file that was named, by flag or environment."""
        named = self.config or os.environ.get("XMPPD_CONFIG")
        return str(Path(named).expanduser().absolute()) if named else None

    def load(self) -> Config:
        """Read the configuration, no further than the file. Raises CommandError(78) with all errors."""
        config: Config = _reading().read(self.file(), self.where().path, self.flags)
        return config

    def checked(self, strict: bool = False) -> Config:
        """Read the configuration, and try what the start would try: modules, certificates, addresses, the store.

        Raises CommandError: 78, or 75 if all that is wrong may pass by itself. `strict`: warnings are errors too.
        """
        config: Config = _reading().checked(self.file(), self.where().path, self.flags, strict)
        return config

    def out(self, result: Any, text: Callable[[Any], str] = render) -> None:
        """Print a result: as JSON where that was asked for, else in words."""
        words = json.dumps(result, ensure_ascii=False) if self.json else text(result)
        if words:
            click.echo(words)


def _reading() -> Any:
    """Loaded where it is needed: it brings all modules of the server, and most verbs ask a running one."""
    return importlib.import_module("xmppd.cli.reading")


def common(function: F) -> F:
    """Add the options that every verb has to a click command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def development(function: F) -> F:
    """Add the option --dev to a click command."""
    words = "development profile: `crash` may break things on purpose"
    return click.option("--dev", is_flag=True, expose_value=False, callback=_keep_dev, help=words)(function)


def _keep_dev(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().ensure_object(GlobalOptions).flags["node.profile"] = "development"


def options() -> GlobalOptions:
    """Return the options of the verb that runs."""
    return click.get_current_context().find_root().ensure_object(GlobalOptions)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    kept = context.find_root().ensure_object(GlobalOptions)
    if parameter.name == "flags":
        kept.flags.update(_flag(item) for item in value)
    elif value and parameter.name:
        setattr(kept, parameter.name, value)


def _flag(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not equals:
        raise click.BadParameter(f"{item} is not KEY=VALUE")
    return name.strip(), value.strip()


_OPTIONS = (
    click.option("--config", metavar="FILE", expose_value=False, callback=_keep, help="configuration file"),
    click.option("--home", metavar="DIR", expose_value=False, callback=_keep, help="folder of data, logs, sockets"),
    click.option("--set", "flags", metavar="KEY=VALUE", multiple=True, expose_value=False, callback=_keep,
                 help="one configuration key, as limits.rate=off"),
    click.option("--json", is_flag=True, expose_value=False, callback=_keep, help="the result as JSON"),
)  # fmt: skip


def fail(error: CommandError, as_json: bool) -> int:
    """Print an error where errors go, and give its exit code."""
    if as_json:
        click.echo(json.dumps({"error": str(error), "status": error.status}), err=True)
    else:
        click.echo(f"xmppd: {error}", err=True)
    return error.status


def colours() -> bool:
    """Tell whether colours are wanted: a terminal, and no NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def usage(text: str) -> CommandError:
    """Return the error of a wrong command line."""
    return CommandError(text, EXIT_USAGE)
