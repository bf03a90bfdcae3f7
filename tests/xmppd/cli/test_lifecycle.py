"""test_lifecycle — starting and stopping from the command line; the release's own tests play it in full.

Way:  xmppd.cli.lifecycle
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from xmppd.cli import lifecycle
from xmppd.cli.client import NotRunning
from xmppd.cli.main import main
from xmppd.cli.options import GlobalOptions
from xmppd.commands import CommandError
from xmppd.node.home import Home


def test_the_parents_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XMPPD_CONFIG", raising=False)
    said = GlobalOptions(config=str(tmp_path / "a.toml"), home=str(tmp_path), flags={"limits.rate": "off"})
    command = lifecycle.parent_command(said)
    assert command[:4] == [sys.executable, "-I", "-m", "xmppd.node.parent"]
    assert command[4:] == ["--home", str(tmp_path), "--config", str(tmp_path / "a.toml"), "--set", "limits.rate=off"]


def test_a_restart_without_options_is_as_the_last_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XMPPD_CONFIG", raising=False)
    home = Home(tmp_path)
    home.create()
    said = GlobalOptions(home=str(tmp_path))
    assert lifecycle.as_before(said) == said
    home.options_file.write_text(json.dumps({"config": "/a.toml", "flags": {"workers": "2"}}))
    assert lifecycle.as_before(said) == GlobalOptions(home=str(tmp_path), config="/a.toml", flags={"workers": "2"})
    other = GlobalOptions(home=str(tmp_path), config="/b.toml")
    assert lifecycle.as_before(other) == other


def test_what_does_not_run_cannot_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        lifecycle.stopped(GlobalOptions(home=str(tmp_path)))


def awaited(home: Home, code: str) -> Any:
    """What `start` makes of a parent that runs this code; `done` is its end of the pipe."""
    home.create()
    ready, done = os.pipe()
    program = f"import os, sys; done = {done}; {code}"
    process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[done])
    os.close(done)
    try:
        return lifecycle._await_ready(process, ready, home)
    finally:
        process.wait(10)


def test_a_parent_that_says_how_it_went(tmp_path: Path) -> None:
    assert awaited(Home(tmp_path), "os.write(done, b'{\"pid\": 1}\\n')") == {"pid": 1}
    with pytest.raises(CommandError, match="port") as caught:
        awaited(Home(tmp_path), 'os.write(done, b\'{"error": "port", "status": 75}\\n\')')
    assert caught.value.status == 75


def test_a_parent_that_dies_without_a_word(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    home.log.write_text("the last line\n")
    with pytest.raises(CommandError, match="the last line"):
        awaited(home, "sys.exit(9)")


def test_a_parent_that_never_says_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "START_TIMEOUT", 0.2)
    with pytest.raises(CommandError, match="did not come up"):
        awaited(Home(tmp_path), "import time; time.sleep(30)")


def test_a_start_with_other_options_than_those_of_the_running_server_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XMPPD_CONFIG", raising=False)
    home = Home(tmp_path)
    home.create()
    fd = home.lock()
    home.options_file.write_text(json.dumps({"config": "/a.toml", "flags": {"workers": "2"}}))
    try:
        same = ("", "--set workers=2", "--config /a.toml")
        assert [main([*f"start {words}".split(), "--home", str(tmp_path)]) for words in same] == [0, 0, 0]
        other = ("--set workers=3", "--set listen.1.port=0", "--config /b.toml", "--dev")
        assert [main([*f"start {words}".split(), "--home", str(tmp_path)]) for words in other] == [1] * 4
        assert "restart" in capsys.readouterr().err
    finally:
        os.close(fd)


def test_logs_say_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "h")
    assert main(["logs", "--home", str(home.path)]) == 2
    assert f"there is no home {home.path}" in capsys.readouterr().err
    home.create()
    assert main(["logs", "--home", str(home.path)]) == 1
    assert f"there is no log yet: {home.log}" in capsys.readouterr().err
    home.log.write_text('{"text": "a"}\nb\n')
    assert main(["logs", "--home", str(home.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"text": "a"}, {"line": "b"}]


def test_logs_of_a_server_in_the_foreground(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path)
    home.create()
    home.options_file.write_text(json.dumps({"foreground": True}))
    fd = home.lock()
    try:
        assert main(["logs", "--home", str(tmp_path)]) == 0
    finally:
        os.close(fd)
    assert "journalctl" in capsys.readouterr().err


def test_in_json_mode_a_refusal_is_an_object_too(tmp_path: Path) -> None:
    words = ["foreground", "--home", str(tmp_path), "--set", "log.format=json", "--set", "workers=many"]
    done = subprocess.run([sys.executable, "-m", "xmppd.cli.main", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 78
    told = json.loads(done.stderr)
    assert (told["level"], told["extra"]["status"]) == ("CRITICAL", 78)
