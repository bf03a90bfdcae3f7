"""test_config_verbs — the configuration on the command line.

Way:  xmppd.cli.config_verbs
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xmppd.cli.main import main
from xmppd.mods import mod_ping


def test_check_tells_all_errors_and_is_status_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[limits]\nrate = "of"\n[modules]\nmod_rooster = {}\n')
    assert main(["config", "check", "--config", str(file), "--home", str(tmp_path)]) == 78
    err = capsys.readouterr().err
    assert f"{file}:2: " in err
    assert f'{file}:4: unknown module "mod_rooster" (did you mean "mod_roster"?)' in err
    assert "2 errors" in err


def test_check_looks_at_what_modules_need(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mod_ping, "DEPENDS", ("mod_time",), raising=False)
    file = tmp_path / "x.toml"
    file.write_text("[modules]\nmod_time = false\n")
    assert main(["config", "check", "--config", str(file), "--home", str(tmp_path)]) == 78
    assert f"{file}:2: mod_ping needs mod_time" in capsys.readouterr().err


def test_check_without_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no file: the defaults: ok\n"


def test_show_says_who_set_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--home", str(tmp_path), "--set", "workers=2"]) == 0
    assert "= 2   # --set workers" in capsys.readouterr().out
    assert main(["config", "show", "--home", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["workers"] == {"value": "auto", "from": "default"}


def test_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain", "limits.rate", "--home", str(tmp_path)]) == 0
    assert "XMPPD_LIMITS_RATE" in capsys.readouterr().out
    assert main(["config", "explain", "limits.rat", "--home", str(tmp_path)]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert main(["config", "explain", "--home", str(tmp_path)]) == 0
    assert "store.backend" in capsys.readouterr().out.splitlines()


def test_the_example_is_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "example"]) == 0
    file = tmp_path / "x.toml"
    file.write_text(capsys.readouterr().out)
    assert main(["config", "check", "--config", str(file), "--home", str(tmp_path)]) == 0
