"""test_command_line — the verbs against a server that runs: what its operator sees, and that it comes to no harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.booted import ROOT, Booted
from tests.support.wire import Ended


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """A server whose log is JSON, in the foreground."""
    folder = tmp_path_factory.mktemp("json")
    with Booted.start(folder, workers=2, more='[log]\nformat = "json"\n') as server:
        yield server


def verb(server: Booted, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xmppd.cli.main", *words, "--home", str(server.home)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def objects(server: Booted) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log().splitlines()]


@pytest.mark.parametrize("node", ["w1", "main"])
def test_exit_at_the_prompt_ends_the_prompt(own: Booted, node: str) -> None:
    before = own.worker_pids()
    alice = own.client("alice").online()
    done = verb(own, "shell", "--node", node, typed="1 + 1\nexit(3)\n'not reached'\n")
    assert (done.returncode, done.stdout) == (3, "2\n")
    done = verb(own, "shell", "--node", node, typed="raise SystemExit\n")
    assert done.returncode == 0
    for line in ("raise KeyboardInterrupt", "input()", "import time; time.sleep(60)", "while True: print('x' * 100)"):
        done = verb(own, "shell", "--node", node, typed=f"{line}\n\n'still ' + 'here'\n")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "'still here'"), line
    assert own.worker_pids() == before
    assert own.process.poll() is None
    assert alice.ask("get", "<ping xmlns='urn:xmpp:ping'/>", "localhost").get("type") == "result"
    alice.close()


def test_each_line_of_the_foreground_is_an_object(own: Booted) -> None:
    own.eval("import sys; print('astray', file=sys.__stderr__, flush=True)", "w1")
    victim = own.worker_pids()["w2"]
    os.kill(victim, signal.SIGKILL)
    own.await_workers(lambda up: up.get("w2") not in (None, victim))
    own.settled(lambda: any(line.get("text") == "astray" and line["node"] == "w1" for line in objects(own)))
    told = objects(own)
    assert all({"time", "level", "node", "text"} <= line.keys() for line in told)
    assert {"main", "w1", "w2"} <= {line["node"] for line in told}
    (start,) = (line for line in told if " runs: " in line["text"])
    assert start["extra"]["hosts"] == ["localhost", "verona.test"]
    done = verb(own, "logs")
    assert done.returncode == 0
    assert "journalctl" in done.stderr


def test_the_configuration_shown_is_the_servers(own: Booted) -> None:
    file = own.home.parent / "xmppd.toml"
    text = file.read_text()
    file.write_text(text.replace("drain_seconds = 1", "drain_seconds = 7"))
    try:
        rows = own.cli("config", "show")
        assert rows["limits.drain_seconds"]["value"] == 1.0
        assert rows["limits.drain_seconds"]["file"] == "7"
        assert rows["limits.drain_seconds"]["from"].startswith(f"{file}:")
        assert [name for name, row in rows.items() if "file" in row] == ["limits.drain_seconds"]
        assert rows["hosts"]["value"] == ["localhost", "verona.test"]
        assert "comp-secret" not in json.dumps(rows)
        assert "the file says 7" in verb(own, "config", "show").stdout
    finally:
        file.write_text(text)


def test_a_disabled_account_is_cut_off_and_kept_out(own: Booted) -> None:
    name = own.account("mallory")
    client = own.client(user=name).online()
    done = verb(own, "user", "disable", name, "--reason", "spam")
    assert (done.returncode, done.stdout) == (0, f"disabled {name}@localhost, 1 session ended\n")
    client.end()
    with pytest.raises((AssertionError, Ended)):
        own.wire().login(name, "secret")
    assert verb(own, "user", "enable", name).returncode == 0
    own.wire().login(name, "secret").close()


def test_passwords_from_standard_input(own: Booted) -> None:
    name = own.account("petra")
    assert verb(own, "user", "passwd", name).returncode == 2
    assert verb(own, "user", "passwd", name, "").returncode == 2
    own.wire().login(name, "secret").close()
    assert verb(own, "user", "passwd", name, typed="quite another\n").returncode == 0
    own.wire().login(name, "quite another").close()
    made = own.cli("user", "passwd", name, "--random")["password"]
    own.wire().login(name, made).close()


def test_a_host_that_was_taken_away_is_told_of_at_the_start(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=1) as server:
        server.ask("user add", {"user": "old@verona.test", "password": "long enough"})
    file = tmp_path / "xmppd.toml"
    with Booted.start(tmp_path, workers=1) as server:
        text = file.read_text().replace('"localhost", "verona.test"', '"localhost"')
    file.write_text(text)
    command = [sys.executable, "-m", "xmppd.cli.main"]
    where = ["--home", str(tmp_path / "home"), "--config", str(file)]
    try:
        done = subprocess.run([*command, "start", *where], capture_output=True, text=True, cwd=ROOT, check=False)
        assert "1 account of verona.test, which is not in hosts" in done.stdout, done.stdout + done.stderr
        for words, said in (
            (["user", "list", "verona.test"], "old@verona.test"),
            (["user", "del", "old@verona.test"], "removed"),
        ):
            done = subprocess.run([*command, *words, *where], capture_output=True, text=True, cwd=ROOT, check=False)
            assert said in done.stdout, done.stderr
    finally:
        subprocess.run([*command, "stop", *where], capture_output=True, cwd=ROOT, check=False)
