"""verbs — makes the command line out of the commands that there are.

OTP:      cf. ejabberd_ctl, which does the same with ejabberd_commands
Way:      cli.main, with cli.catalog → [verbs] → cli.client → node.control
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import click

from xmppd.cli import client, render
from xmppd.cli.options import common, options, usage
from xmppd.commands import Command, Param

#: words of the groups
GROUPS: Final = {
    "user": "accounts",
    "session": "who is connected",
    "roster": "contacts of an account",
    "server": "its end and its restart, told to users before",
    "access": "who is kept out, who alone is let in, who administers",
    "announce": "what users are told",
}
#: of a command whose words need what the command line knows: which build lies on disk
TEXTS: Final[Mapping[str, Callable[[Any], str]]] = {"status": render.status}


def add_to(root: click.Group, commands: Iterable[Command]) -> None:
    """Add a verb to `root` for every command, and one for each alias; a verb that is there already stays."""
    for command in commands:
        if command.by_hand:
            continue
        group = root if len(command.name) == 1 else _group(root, command)
        verb = " ".join(command.name[1:]) or command.name[0]
        if verb not in group.commands:
            group.add_command(_verb(command, verb))
        for alias in command.aliases:
            if alias not in root.commands:
                root.add_command(_verb(command, alias, hidden=True))


def _group(root: click.Group, command: Command) -> click.Group:
    name = command.name[0]
    if name not in root.commands:
        root.add_command(common(click.Group(name, help=GROUPS.get(name, f"of {command.module}"))))
    group = root.commands[name]
    assert isinstance(group, click.Group)
    return group


def _verb(command: Command, name: str, *, hidden: bool = False) -> click.Command:
    def run(yes: bool = False, **given: Any) -> None:
        if any(param.is_secret for param in command.params):
            _take_password(command, given)
        if command.question and not yes and sys.stdin.isatty():
            click.confirm(command.question.format(**given), abort=True, err=True)
        perform(command, {name: value for name, value in given.items() if value not in (None, ())})

    made = click.Command(name, callback=run, help=command.help, hidden=hidden)
    for param in command.params:
        made.params += _click_params(param)
    if command.question:
        made.params.append(click.Option(["--yes", "-y"], is_flag=True, help="do not ask, as without a terminal"))
    return common(made)


#: of options without a default that says it
_TYPES: Final[Mapping[str, Any]] = {"whole": click.INT, "number": click.FLOAT}


def _click_params(param: Param) -> list[click.Parameter]:
    if param.positional or param.required:
        return [click.Argument([param.name], required=param.required, type=_TYPES.get(param.kind))]
    flag = param.default is False
    default = None if flag else param.default
    option = click.Option(
        [f"--{param.name.replace('_', '-')}", param.name], default=default, is_flag=flag, multiple=param.many,
        type=_TYPES.get(param.kind), help=param.help,
    )  # fmt: skip
    if not param.is_secret:
        return [option]
    stdin = click.Option(["--password-stdin"], is_flag=True, help="read the password from standard input")
    return [click.Argument(["password_argument"], required=False, metavar="[PASSWORD]"), option, stdin]


def perform(command: Command, params: dict[str, Any]) -> None:
    """Run a command on the running server, and print the result."""
    said = options()
    params = {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}
    answer = client.answer(said.where(), command.key, params, command.timeout + 5)
    if isinstance(answer.value, Mapping) and "warning" in answer.value:
        click.echo(f"warning: {answer.value['warning']}", err=True)
    said.out(answer.value, lambda value: _text(command, value, answer.text))


def _text(command: Command, value: Any, text: str | None) -> str:
    if text is not None:
        return text
    return TEXTS.get(command.key, render.render)(value) or command.none


def _take_password(command: Command, given: dict[str, Any]) -> None:
    """Make one password of the ways in which it can be given: argument, option, standard input, at the prompt.

    Raises CommandError(2) for two at once, and for an empty one.
    """
    asked = any(param.asked for param in command.params)
    ways = [given.pop("password_argument", None), given.pop("password", None)]
    found = [word for word in ways if word is not None]
    stdin, random = given.pop("password_stdin", False), bool(given.get("random"))
    if len(found) + stdin + random > 1:
        raise usage("give the password once: as an argument, by --password, by --password-stdin, or --random")
    if stdin or (asked and not found and not random):
        found = [_read(terminal=sys.stdin.isatty() and not stdin)]
    if found and not found[0].strip():
        raise usage("the password is empty: nobody could log in with it")
    given["password"] = found[0] if found else None


def _read(*, terminal: bool) -> str:
    if terminal:
        words: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
        return words
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise usage("no password on standard input")
    return password
