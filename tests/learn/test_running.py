"""test_running — what chapter 10 shows of a running server is what a running server shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.booted import Booted

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "learn" / "10-xmppd.md").read_text(encoding="utf-8")
VARIES = re.compile(r"<w1\.\d+\.\d+>|\d+\.\d+ s ago|^[ │├└─]+", re.MULTILINE)


def steady(text: str) -> list[str]:
    return [VARIES.sub("~", line) for line in text.splitlines()]


def command(server: Booted, *words: str) -> str:
    program = [sys.executable, "-m", "xmppd.cli.main", *words, "--home", str(server.home)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_crash_on_purpose_looks_as_the_page_says(tmp_path: Path) -> None:
    (shown,) = re.findall(r"<!-- running -->\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    (words,) = re.findall(r"^\./rel/xmppd (crash .*)$", PAGE, re.MULTILINE)
    with Booted.start(tmp_path, workers=2, more='[node]\nprofile = "development"\n') as server:
        printed = steady(command(server, *words.split()))
        lines = iter(printed)
        assert all(line in lines for line in steady(shown)), "\n".join(printed)
        for verb, found in (("tree", "mod_roster@localhost"), ("top --once", "PID")):
            assert found.lower() in command(server, *verb.split()).lower()


def test_the_kinds_of_crash_on_the_page_are_those_there_are() -> None:
    kinds = re.search(r"Instead of `kill` say (.*?), and look again", PAGE, re.DOTALL)
    assert kinds is not None
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    (known,) = re.findall(r"`crash WHO \[(.*?)\]`", commands)
    assert set(re.findall(r"`(\w+)`", kinds[1])) <= set(known.split("\\|"))
