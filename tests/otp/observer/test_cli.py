"""test_cli — `python -m otp.observer SOCKET` over a plain program of its own.

Way:  otp.observer.cli
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from otp.observer import cli
from otp.observer.errors import ObserverError
from tests.support.observed_shop import ROOT, open_shop
from tests.support.terminal import play


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_shop(tmp_path_factory.mktemp("shop")) as path:
        yield str(path)


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert cli.main(args) == 0
    return capsys.readouterr().out


def test_it_is_a_program(shop: str) -> None:
    command = [sys.executable, "-m", "otp.observer", shop, "tree"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=True).stdout.splitlines()
    assert told[0] == "nonode"
    assert told[1].startswith("└─ shop <nonode.1.")
    assert [line.split()[1] for line in told[2:]] == ["till_1", "till_2", "observer"]


@pytest.mark.parametrize(("form", "begins"), [("--mermaid", "flowchart"), ("--dot", "digraph"), ("--json", "{")])
def test_the_tree_as_a_picture(shop: str, form: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = said(capsys, shop, "tree", form)
    assert drawn.startswith(begins)
    assert "till_2" in drawn


def test_the_tree_as_svg_and_of_one_supervisor(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ElementTree.fromstring(said(capsys, shop, "tree", "--svg", "--under", "shop")).tag.endswith("svg")
    assert cli.main([shop, "tree", "--under", "nobody"]) == 1
    assert "no supervisor nobody" in capsys.readouterr().err


def test_the_busiest(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, shop, "top", "--by", "reductions", "-n", "3")
    assert told.startswith("nonode")
    rows = json.loads(said(capsys, shop, "top", "--json"))["rows"]
    assert "till_1" in [row["who"] for row in rows]


def test_all_of_one_process(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = dict(line.split(maxsplit=1) for line in said(capsys, shop, "process", "till_2").splitlines())
    assert told["state"] == "0"
    assert told["status"] == "waiting"
    assert told["links"].endswith(" shop")
    assert cli.main([shop, "process", "nobody"]) == 1
    assert capsys.readouterr().err == "there is no process nobody\n"


def test_its_messages_as_they_come(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, shop, "trace", "till_1", "--count", "2").splitlines()
    assert len(lines) == 2
    assert all(" till_1 " in line and line.endswith(": str 'tea'") for line in lines)
    assert json.loads(said(capsys, shop, "trace", "till_1", "--count", "1", "--json"))["text"] == "'tea'"


def test_nobody_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(tmp_path / "none")]) == 3
    assert "nobody answers" in capsys.readouterr().err


def test_without_textual_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "textual" or "otp.observer.ui." in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    with pytest.raises(ObserverError, match="pip install textual"):
        cli.load_ui()


def test_without_a_verb_it_is_all_tabs_in_the_terminal(shop: str) -> None:
    command = [sys.executable, "-m", "otp.observer", shop]
    assert play(command, (["Applications", "Trace", "nonode"], b"4"), (["till_1"], b"q")) == 0
