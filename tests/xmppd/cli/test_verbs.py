"""test_verbs — the command line made out of the registry: what is asked of the server.

Way:  xmppd.cli.verbs
"""

from __future__ import annotations

import io
from typing import Any

import pytest

from xmppd.cli import catalog, client
from xmppd.cli.client import NotRunning
from xmppd.cli.main import main
from xmppd.commands import Answer
from xmppd.node.home import Home

Asked = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found: Asked = []

    def answer(home: Home, command: str, params: dict[str, Any], timeout: float = 0) -> Answer:
        if command == "commands":
            raise NotRunning(home)
        found.append((command, params))
        return Answer({"jid": "a@x"}, "the words of the server")

    monkeypatch.setattr(client, "answer", answer)
    return found


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("user add a", ("user add", {"user": "a"})),
        ("adduser a@x", ("user add", {"user": "a@x"})),
        ("user add a --password p", ("user add", {"user": "a", "password": "p"})),
        ("user add a p", ("user add", {"user": "a", "password": "p"})),
        ("register a x p", ("user add", {"user": "a@x", "password": "p"})),
        ("unregister a x", ("user del", {"user": "a@x"})),
        ("deluser a", ("user del", {"user": "a"})),
        ("passwd a --password-stdin", ("user passwd", {"user": "a", "password": "typed"})),
        ("user list", ("user list", {})),
        ("user list x.y", ("user list", {"host": "x.y"})),
        ("session list", ("session list", {})),
        ("session kick a --reason bye", ("session kick", {"user": "a", "reason": "bye"})),
        ("kick_user a", ("session kick", {"user": "a"})),
    ],
)
def test_words_become_a_request(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, line: str, request_: tuple[str, dict[str, Any]]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    assert main(line.split()) == 0
    assert asked == [request_]


def test_groups_of_a_contact_may_be_several(asked: Asked) -> None:
    assert main(["roster", "add", "a", "b@y", "--name", "B", "--group", "G", "--group", "H"]) == 0
    assert asked == [("roster add", {"owner": "a", "contact": "b@y", "name": "B", "group": ["G", "H"]})]


def test_an_empty_password_is_refused(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main(["user", "add", "a", "--password-stdin"]) == 2
    assert asked == []


def test_the_words_of_the_server_are_shown_and_json_has_none_of_them(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["user", "add", "a"])
    assert capsys.readouterr().out == "the words of the server\n"
    main(["user", "add", "a", "--json"])
    assert capsys.readouterr().out == '{"jid": "a@x"}\n'


class Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("line", "typed", "status", "done"),
    [
        ("user del a", "n\n", 130, False),
        ("user del a", "y\n", 0, True),
        ("deluser a", "\n", 130, False),
        ("unregister a x", "n\n", 130, False),
        ("user del a --yes", "", 0, True),
        ("user del a -y", "", 0, True),
    ],
)
def test_at_a_terminal_a_removal_is_asked_about(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, line: str, typed: str, status: int, done: bool
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert main(line.split()) == status
    assert bool(asked) is done


def test_a_password_is_asked_for_twice_at_a_terminal(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["one thing", "another", "", "one thing", "one thing"])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: next(typed))
    assert main(["user", "passwd", "a"]) == 0
    assert asked == [("user passwd", {"user": "a", "password": "one thing"})]


@pytest.mark.parametrize(
    "line",
    [
        "user add a ",
        "user add a --password=",
        "user passwd a ",
        "user passwd a b --random",
        "user add a b --password c",
    ],
)
def test_passwords_that_are_none_or_two(asked: Asked, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split(" ")) == 2
    assert "password" in capsys.readouterr().err
    assert asked == []


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(catalog, "commands", lambda _: catalog.in_files())
    monkeypatch.setattr(client, "answer", lambda *_: Answer([]))
    for line in ("user list", "session list", "roster list a"):
        assert main(line.split()) == 0
    assert capsys.readouterr().out == "no accounts\nnobody is connected\nno contacts\n"
    assert main(["user", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
