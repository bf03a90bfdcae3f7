"""config_verbs — `config check`, `config show`, `config explain`, `config example`: no server is needed.

OTP:      none; cf. `prosodyctl check config`
Way:      ctl.main → [config_verbs] → config.load, config.describe
"""

from __future__ import annotations

import click

from xmppd.config import describe
from xmppd.ctl.options import common, options, usage


@click.group(help="the configuration: is it right, what is in force, what means what")
@common
def config() -> None:
    """Group of the verbs below."""


@config.command(help="tell all errors at once, with file and line; status 78 if there are any")
@common
def check() -> None:
    """Load the configuration and say how it went."""
    said = options()
    loaded = said.checked()
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    file = str(loaded.paths.config) if loaded.paths.config else None
    said.out({"ok": True, "file": file}, lambda r: f"{r['file'] or 'no file: the defaults'}: ok")


@config.command(help="every key with the value in force and who set it")
@common
def show() -> None:
    """Print the configuration in force."""
    said = options()
    loaded = said.load()
    rows = {name: {"value": v, "from": loaded.origins.get(name, "default")} for name, v in describe.in_force(loaded)}
    said.out(rows, lambda _: describe.show(loaded))


@config.command(help="what a key or section means, and who set it")
@click.argument("key", required=False)
@common
def explain(key: str | None) -> None:
    """Explain one key, a section, or list all keys."""
    said = options()
    if key is None:
        said.out([known.name for known in describe.known_keys()])
        return
    try:
        text = describe.explain(key, said.load())
    except KeyError as error:
        raise usage(str(error.args[0])) from None
    said.out({"key": key, "text": text})


@config.command(help="a file with every key, its words and its default")
@common
def example() -> None:
    """Print an example file."""
    options().out({"text": describe.example().rstrip("\n")})
