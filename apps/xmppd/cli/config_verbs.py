"""config_verbs — `config check`, `config show`, `config explain`, `config example`.

OTP:      none; cf. `prosodyctl check config`
Way:      cli.main → [config_verbs] → config.load, config.describe; `show` asks the server that runs, if one does
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from xmppd.cli import client, modules
from xmppd.cli.options import GlobalOptions, common, options, usage
from xmppd.config import describe
from xmppd.config.describe import SettingRow

_NOT_RUNNING: Final = "not running: this is what a start would use"


@click.group(help="the configuration: is it right, what is in force, what means what")
@common
def config() -> None:
    """Group of the verbs below."""


@config.command(help="tell all that is wrong, with file and line, also what only a start would find: certificates, "
                "addresses, the store; status 78 if anything is, 75 if it may pass by itself")  # fmt: skip
@common
def check() -> None:
    """Load the configuration, try what a start would try, and say how it went."""
    said = options()
    loaded = said.checked(strict=True)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    file = str(loaded.paths.config) if loaded.paths.config else None
    answer = {"ok": True, "file": file, "warnings": list(loaded.warnings)}
    said.out(answer, lambda r: f"{r['file'] or 'no file: the defaults'}: ok")


@config.command(help="every key with the value in force in the running server, who set it, and where the file differs")
@common
def show() -> None:
    """Print the configuration in force; without a server, the one a start would use."""
    said = options()
    try:
        answer: dict[str, Any] = client.ask(said.where(), "config show", {})
    except client.NotRunning:
        rows = describe.rows(said.load())
        click.echo(_NOT_RUNNING, err=True)
        said.out(_as_data(rows, {}), lambda _: describe.show(rows))
        return
    rows = [SettingRow(**row) for row in answer["rows"]]
    differing = _differing(rows, said, answer["file"])
    notes = {name: f"the file says {text}" for name, text in differing.items()}
    said.out(_as_data(rows, differing), lambda _: describe.show(rows, notes))


def _differing(rows: Sequence[SettingRow], said: GlobalOptions, file: str | None) -> dict[str, str]:
    """Return what the file (or, without a line of it, its default) says of the keys that are otherwise in force."""
    asked = GlobalOptions(said.config or file, said.home, flags=said.flags)
    there = {row.name: row for row in describe.rows(asked.load())}
    found = {row.name: there[row.name].text for row in rows if row.name in there and there[row.name].text != row.text}
    # a listener may be at any free port
    return {name: text for name, text in found.items() if not (name.endswith(".port") and text == "0")}


def _as_data(rows: Sequence[SettingRow], differing: Mapping[str, str]) -> dict[str, Any]:
    return {
        row.name: {"value": row.value, "from": row.origin}
        | ({"file": differing[row.name]} if row.name in differing else {})
        for row in rows
    }


@config.command(help="what a key, a section or a module means, and who set it")
@click.argument("key", required=False)
@common
def explain(key: str | None) -> None:
    """Explain one key, a section or a module, or list all keys."""
    said = options()
    if key is None:
        said.out([known.name for known in describe.known_keys()])
        return
    try:
        text = modules.explain(key, said.load()) or describe.explain(key, said.load())
    except KeyError as error:
        raise usage(str(error.args[0])) from None
    said.out({"key": key, "text": text})


@config.command(help="a file with every key, its words and its default")
@common
def example() -> None:
    """Print an example file."""
    options().out({"text": describe.example().rstrip("\n")})
