"""verbs — makes the command line out of the command registry.

OTP:      cf. ejabberd_ctl, which does the same with ejabberd_commands
Way:      ctl.main → [verbs] → ctl.client → ctl.server
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from xmppd.ctl import client, render
from xmppd.ctl.commands import COMMANDS, Command, Param
from xmppd.ctl.options import common, options, usage

#: words of the groups
GROUPS: Final = {"user": "accounts", "session": "who is connected", "roster": "contacts of an account"}
TEXTS: Final[Mapping[str, Callable[[Any], str]]] = {
    "status": render.status,
    "user add": lambda r: f"made {r['jid']}" + _password(r),
    "user passwd": lambda r: f"password of {r['jid']} set" + _password(r),
    "user del": lambda r: f"removed {r['jid']}",
    "roster add": lambda r: f"{r['owner']} has added {r['contact']} and asked for its presence",
    "roster remove": lambda r: f"{r['owner']} has removed {r['contact']}",
    "session kick": lambda r: f"{r['kicked']} session{'' if r['kicked'] == 1 else 's'} ended",
}


def add_to(root: click.Group) -> None:
    """Add a verb to `root` for every command, and one for each alias."""
    for command in COMMANDS:
        if command.by_hand:
            continue
        group = root if len(command.name) == 1 else _group(root, command.name[0])
        group.add_command(_verb(command, command.name[-1]))
        for alias in command.aliases:
            root.add_command(_verb(command, alias, hidden=True))
    root.add_command(register)
    root.add_command(unregister)


def _group(root: click.Group, name: str) -> click.Group:
    if name not in root.commands:
        root.add_command(common(click.Group(name, help=GROUPS[name])))
    group = root.commands[name]
    assert isinstance(group, click.Group)
    return group


def _verb(command: Command, name: str, *, hidden: bool = False) -> click.Command:
    def run(**given: Any) -> None:
        stdin = given.pop("password_stdin", False)
        if stdin:
            given["password"] = _from_stdin()
        elif "password_argument" in given:
            given["password"] = given["password"] or given["password_argument"]
        given.pop("password_argument", None)
        perform(command, {name: value for name, value in given.items() if value not in (None, ())})

    made = click.Command(name, callback=run, help=command.help, hidden=hidden)
    for param in command.params:
        made.params += _click_params(param)
    return common(made)


def _click_params(param: Param) -> list[click.Parameter]:
    if param.required or param.name in ("host", "user"):
        return [click.Argument([param.name], required=param.required)]
    option = click.Option([f"--{param.name}"], default=param.default, multiple=param.many, help=param.help)
    if param.name != "password":
        return [option]
    stdin = click.Option(["--password-stdin"], is_flag=True, help="read the password from standard input")
    return [click.Argument(["password_argument"], required=False, metavar="[PASSWORD]"), option, stdin]


def perform(command: Command, params: dict[str, Any]) -> None:
    """Have the running server carry out a command, and print the result."""
    said = options()
    params = {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}
    result = client.ask(said.where(), command.key, params, command.timeout + 5)
    said.out(result, TEXTS.get(command.key, render.render))


def _from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise usage("no password on standard input")
    return password


def _password(result: Mapping[str, Any]) -> str:
    return f", password {result['password']}" if "password" in result else ""


def _named(*name: str) -> Command:
    return next(command for command in COMMANDS if command.name == name)


@click.command(hidden=True, help="as ejabberdctl: make an account")
@click.argument("user")
@click.argument("host")
@click.argument("password")
@common
def register(user: str, host: str, password: str) -> None:
    """ejabberdctl's word for `user add`."""
    perform(_named("user", "add"), {"user": f"{user}@{host}", "password": password})


@click.command(hidden=True, help="as ejabberdctl: remove an account")
@click.argument("user")
@click.argument("host")
@common
def unregister(user: str, host: str) -> None:
    """ejabberdctl's word for `user del`."""
    perform(_named("user", "del"), {"user": f"{user}@{host}"})
