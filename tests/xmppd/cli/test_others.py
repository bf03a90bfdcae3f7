"""test_others — the words of other servers' command lines.

Way:  xmppd.cli.others
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from xmppd.cli import client, others
from xmppd.cli.client import NotRunning
from xmppd.cli.main import every_verb, main
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
        return Answer({"jid": "a@x"}, "done")

    monkeypatch.setattr(client, "answer", answer)
    return found


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("register al localhost long-enough", ("user add", {"user": "al@localhost", "password": "long-enough"})),
        ("unregister al localhost", ("user del", {"user": "al@localhost"})),
        ("change_password al localhost new", ("user passwd", {"user": "al@localhost", "password": "new"})),
        ("change_password al@localhost new", ("user passwd", {"user": "al@localhost", "password": "new"})),
        ("change_password al new", ("user passwd", {"user": "al", "password": "new"})),
        ("ban_account al localhost spam", ("user disable", {"user": "al@localhost", "reason": "spam"})),
        ("unban_account al localhost", ("user enable", {"user": "al@localhost"})),
        ("check_account al localhost", ("user show", {"user": "al@localhost"})),
        ("kick_user al localhost", ("session kick", {"user": "al@localhost"})),
        ("kick_user al", ("session kick", {"user": "al"})),
        ("kick_session al localhost desk bye", ("session kick", {"user": "al@localhost/desk", "reason": "bye"})),
        ("get_roster al localhost", ("roster list", {"owner": "al@localhost"})),
        (
            "add_rosteritem al localhost bo elsewhere Bo Friends",
            ("roster add", {"owner": "al@localhost", "contact": "bo@elsewhere", "name": "Bo", "group": ["Friends"]}),
        ),
        ("delete_rosteritem al localhost bo y", ("roster remove", {"owner": "al@localhost", "contact": "bo@y"})),
        ("started --json", ("ping", {})),
        ("reload_config", ("reload", {})),
    ],
)
def test_their_order_of_arguments(asked: Asked, line: str, request_: tuple[str, dict[str, Any]]) -> None:
    assert main(line.split()) == 0
    assert asked == [request_]


@pytest.mark.parametrize("word", ["help", "version", "about"])
def test_words_that_need_no_server(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    assert "xmppd" in capsys.readouterr().out


@pytest.mark.parametrize("word", sorted(others.SENTENCES))
def test_what_is_not_there_is_answered_with_a_sentence(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word, "a", "b"]) == 2
    assert others.SENTENCES[word] in capsys.readouterr().err


def test_each_word_names_a_verb_of_ours() -> None:
    root = every_verb()
    for word, verb in others.VERBS.items():
        place: click.Command = root
        for name in verb:
            if isinstance(place, click.Group) and not name.startswith("--"):
                assert name in place.commands, (word, verb)
                place = place.commands[name]
    assert not others.VERBS.keys() & others.SENTENCES.keys()


def test_a_word_of_ours_is_never_taken_for_anothers() -> None:
    root = every_verb()
    for word in (*others.VERBS, *others.SENTENCES):
        assert root.commands[word].hidden, word


@pytest.mark.parametrize(
    ("topic", "status"), [("config", 0), ("certs", 0), ("dns", 2), ("connectivity", 2), ("zzz", 2)]
)
def test_topics_of_check(topic: str, status: int, tmp_path: Path) -> None:
    assert main(["check", topic, "--home", str(tmp_path)]) == status
