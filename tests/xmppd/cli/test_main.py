"""test_main — the command line: words, options before and after, exit codes.

Way:  xmppd.cli.main
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xmppd.cli.main import every_verb, main


def test_what_is_not_running_is_status_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["ping"], ["status"], ["stop"], ["tree"], ["user", "list"], ["reload"], ["shell"], ["logs"][:0]):
        if line:
            assert main(["--home", str(tmp_path), *line]) == 3
            assert f"not running (home {tmp_path})" in capsys.readouterr().err


def test_options_before_and_after_every_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["--home", "H", "user", "list"], ["user", "--home", "H", "list"], ["user", "list", "--home", "H"]):
        words = [str(tmp_path) if word == "H" else word for word in line]
        assert main(words) == 3
        assert str(tmp_path) in capsys.readouterr().err


def test_every_verb_takes_the_common_options() -> None:
    import click

    def leaves(command: click.Command) -> list[click.Command]:
        if isinstance(command, click.Group):
            return [leaf for inner in command.commands.values() for leaf in leaves(inner)]
        return [command]

    for leaf in leaves(every_verb()):
        options = {option for param in leaf.params for option in param.opts}
        assert {"--config", "--home", "--json", "--set"} <= options, leaf.name


def test_wrong_words_are_status_2_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strat"]) == 2
    assert 'Did you mean "start"?' in capsys.readouterr().err
    assert main(["user", "add"]) == 2
    assert main(["--set", "limits.rate", "config", "check"]) == 2


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "start" in capsys.readouterr().out
    assert main(["--version"]) == 0


def test_errors_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ping", "--json", "--home", str(tmp_path)]) == 3
    assert json.loads(capsys.readouterr().err)["status"] == 3
