"""test_verbs__wrong_input — every verb there is, used wrongly: what is wrong is said, and the status fits.

Way:  xmppd.cli.main
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from otp.erts.blocking import run_blocking
from otp.stdlib import gen_server
from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.admin import worker_commands
from xmppd.cli import catalog
from xmppd.cli.main import every_verb, main
from xmppd.commands import Command, CommandError
from xmppd.node import control
from xmppd.node.home import Home

#: verbs that look at files, not at a server
ALONE = {("config", "check"), ("config", "show"), ("config", "explain"), ("config", "example"), ("logs",)}
#: those that look at the database itself
ALONE |= {("db", verb) for verb in ("status", "upgrade", "backup", "restore", "copy")}
#: verbs that start one
STARTING = {("start",), ("restart",), ("foreground",)}


def verbs(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, verb in sorted(group.commands.items()):
        if isinstance(verb, click.Group):
            yield from verbs(verb, (*path, name))
        elif not verb.hidden:
            yield (*path, name), verb


VERBS = dict(verbs(every_verb()))
ALL = catalog.in_files()
ALIASES = [alias for command in ALL for alias in command.aliases]


def good(verb: click.Command) -> list[str]:
    """Arguments that the verb takes: a name or a number."""
    return ["1"] * sum(isinstance(param, click.Argument) and param.required for param in verb.params)


def said(line: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status, and what was said on standard error."""
    try:
        status = main(line)
    except SystemExit as end:
        status = int(str(end.code))
    return status, capsys.readouterr().err


@pytest.mark.parametrize("name", VERBS, ids=" ".join)
def test_an_option_that_it_does_not_know(name: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, words = said([*name, *good(VERBS[name]), "--no-such-option"], capsys)
    assert status == 2
    assert "--no-such-option" in words


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if good(verb)], ids=" ".join)
def test_an_argument_too_few(name: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, words = said([*name, *good(VERBS[name])[1:]], capsys)
    assert status == 2
    assert "Missing argument" in words


@pytest.mark.parametrize("name", VERBS, ids=" ".join)
def test_an_argument_too_many(name: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, words = said([*name, *["1"] * 9], capsys)
    assert status == 2
    assert "unexpected extra argument" in words


@pytest.mark.parametrize("name", VERBS, ids=" ".join)
def test_flags_that_are_none(name: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, words = said([*name, *good(VERBS[name]), "--set", "limits.rate"], capsys)
    assert status == 2
    assert "is not KEY=VALUE" in words


@pytest.mark.parametrize("name", sorted(VERBS.keys() - ALONE - STARTING), ids=" ".join)
@pytest.mark.parametrize("there", [True, False])
def test_no_server_and_no_home(
    name: tuple[str, ...], there: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("sys.stdin", open("/dev/zero"))  # noqa: SIM115 - a password that is no line
    home = tmp_path if there else tmp_path / "none"
    words = ["--random"] if name == ("user", "passwd") else []
    status, told = said(
        [*name, *(good(VERBS[name]) or ["x"] * (name == ("trace",))), *words, "--home", str(home)], capsys
    )
    assert status == 3
    assert f"not running (home {home}" in told
    assert ("which does not exist" in told) is not there
    if not there:
        assert not home.exists()


@pytest.mark.parametrize("name", sorted(STARTING), ids=" ".join)
def test_a_wrong_configuration_starts_nothing(name: tuple[str, ...], tmp_path: Path) -> None:
    # in a process of its own: one of these verbs goes on as the server
    words = [*name, "--home", str(tmp_path / "h"), "--set", "workers=many"]
    done = subprocess.run([sys.executable, "-m", "xmppd.cli.main", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert "--set workers: workers must be" in done.stderr
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("words", [["strat"], ["user", "ad"], ["config", "chek"], ["roster", "ad"], ["session", "lst"]])
def test_a_verb_that_is_none(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, told = said(words, capsys)
    assert status == 2
    assert "Did you mean" in told


def test_an_error_is_json_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (
        ["user", "add"],
        ["strat"],
        ["user", "list", "--home", str(tmp_path)],
        ["config", "check", "--set", "x=1"],
    ):
        status, told = said([*line, "--json"], capsys)
        assert json.loads(told)["status"] == status, line


def test_a_home_that_is_anothers(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    Home(tmp_path).create()

    def refused(self: object, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("otp.kernel.unix_socket.connect", lambda path: refused(None, path))
    status, told = said(["status", "--home", str(tmp_path)], capsys)
    assert status == 77
    assert "sudo -u" in told
    monkeypatch.setattr("os.open", lambda *_: refused(None, None))
    status, told = said(["stop", "--home", str(tmp_path)], capsys)
    assert status == 77


# -- the server's answers


def commands(param: str) -> list[Command]:
    return [command for command in ALL if any(p.name == param and p.required for p in command.params)]


def params(command: Command, **given: Any) -> dict[str, Any]:
    """Parameters that the command takes, but for those given."""
    fill = {"password": "long enough", "contact": "bob@localhost", "room": "den"}
    return {p.name: fill.get(p.name, p.default) for p in command.params} | given


@pytest.mark.parametrize("command", [*commands("user"), *commands("owner")], ids=lambda command: command.key)
def test_accounts_that_there_are_not(command: Command) -> None:
    key = "owner" if any(p.name == "owner" for p in command.params) else "user"

    async def body() -> list[tuple[str, int]]:
        return [await answer(params(command, **{key: name})) for name in ("nobody", "no body", "x@else.where", "a/b")]

    async def answer(given: dict[str, Any]) -> tuple[str, int]:
        answer = await worker_commands.run(command.key, given)
        return answer.get("error", "done"), answer.get("status", 0)

    missing, nonsense, elsewhere, resource = beside_server(body)
    if command.key == "session kick":  # which takes sessions
        assert missing == ("nobody is not connected", 1)
        assert nonsense[1] == 2
        return
    if command.key != "user add":
        assert missing == ("there is no account nobody@localhost", 1)
    assert nonsense[1] == 2
    assert "no body" in nonsense[0]
    assert elsewhere[1] in (1, 2)
    assert "else.where" in elsewhere[0]
    assert resource[1] == 2
    assert "a resource is not wanted here" in resource[0]


def test_what_the_server_says_is_what_the_verb_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path)
    home.create()

    async def execute(name: str, given: dict[str, Any]) -> Any:
        if name == "ping":
            raise RuntimeError("a bug of ours")
        raise CommandError(f"no {given['user']}", 75)

    async def play() -> list[int]:
        pid = await control.start_link(home.control, execute)
        found = [
            await run_blocking(main, ["user", "show", "al", "--home", str(tmp_path)]),
            await run_blocking(main, ["ping", "--home", str(tmp_path)]),
        ]
        await gen_server.stop(pid)
        return found

    assert run(play) == [75, 1]
    told = capsys.readouterr().err
    assert "xmppd: no al" in told
    assert "RuntimeError: a bug of ours" in told


def test_a_server_that_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    home = Home(tmp_path)
    home.create()
    from xmppd.cli import client

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(home.control))
        silent.listen(1)
        with pytest.raises(CommandError) as caught:
            client.ask(home, "ping", {}, timeout=0.1)
    assert caught.value.status == 75
