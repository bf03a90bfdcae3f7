"""test_options — options that stand anywhere, and how results and errors are printed.

Way:  xmppd.cli.options
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from xmppd.cli.options import GlobalOptions, colours, development, fail, options
from xmppd.commands import CommandError


def test_the_file_is_named_by_flag_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XMPPD_CONFIG", raising=False)
    assert GlobalOptions().file() is None
    monkeypatch.setenv("XMPPD_CONFIG", "a.toml")
    assert GlobalOptions().file() == str(tmp_path / "a.toml")
    assert GlobalOptions(config="b.toml").file() == str(tmp_path / "b.toml")


def test_loading_says_all_errors_and_how_many(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text("workers = 0\nworker = 1\n")
    with pytest.raises(CommandError) as caught:
        GlobalOptions(config=str(file), home=str(tmp_path)).load()
    assert caught.value.status == 78
    assert str(caught.value).endswith("2 errors")


def test_results_and_errors_as_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    GlobalOptions().out({"a": 1})
    GlobalOptions(json=True).out({"a": 1})
    assert capsys.readouterr().out == 'a  1\n{"a": 1}\n'
    assert fail(CommandError("no", 75), as_json=False) == 75
    assert capsys.readouterr().err == "xmppd: no\n"
    fail(CommandError("no", 75), as_json=True)
    assert json.loads(capsys.readouterr().err) == {"error": "no", "status": 75}


def test_dev_is_a_word_for_a_key(tmp_path: Path) -> None:
    @click.command()
    @development
    def verb() -> None:
        click.echo(options().flags)

    assert CliRunner().invoke(verb, ["--dev"], obj=GlobalOptions()).output == "{'node.profile': 'development'}\n"
    assert CliRunner().invoke(verb, [], obj=GlobalOptions()).output == "{}\n"
    assert GlobalOptions(home=str(tmp_path), flags={"node.profile": "development"}).load().node.profile == "development"


def test_no_colours_where_nobody_sees_them() -> None:
    assert not colours()
