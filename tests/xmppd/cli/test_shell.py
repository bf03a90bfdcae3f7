"""test_shell — the prompt: when a statement is whole, and what goes over the socket.

Way:  xmppd.cli.shell
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from otp.erts.blocking import run_blocking
from otp.stdlib import gen_server
from tests.support.node import run
from xmppd.admin import evaluate
from xmppd.cli import shell
from xmppd.commands import Answer, CommandError
from xmppd.node import control
from xmppd.node.home import Home


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("1 + 1", True),
        ("await f()", True),
        ("for x in y:", False),
        ("for x in y:\n  pass", False),
        ("for x in y:\n  pass\n", True),
        ("f(", False),
        ("1 +", True),
        ("'''a", False),
    ],
)
def test_when_a_statement_is_whole(source: str, whole: bool) -> None:
    assert shell.complete(source) is whole


async def execute(name: str, params: dict[str, Any]) -> Answer:
    if name == "status":
        return Answer({"node": "main", "workers": [{"name": "w1"}, {"name": "w2"}]})
    node = params["node"] or "w1"
    if node not in ("w1", "w2"):
        raise CommandError("no such node", 2)
    return Answer({**await evaluate.evaluate(params["session"] + node, params["source"]), "node": node})


def typed(home: Home, text: str, monkeypatch: pytest.MonkeyPatch, node: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    home.create()

    async def main() -> int:
        pid = await control.start_link(home.control, execute)
        status = await run_blocking(shell.interact, home, node)
        await gen_server.stop(pid)
        return int(status)

    return int(run(main))


def test_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = "x = 2\nfor y in (1, 2):\n  x += y\n\nx\n:nodes\n:node w2\n'x' in globals()\n:help\n"
    assert typed(Home(tmp_path), text, monkeypatch) == 0
    out = capsys.readouterr().out
    assert out.startswith("5\nmain w1 w2\nFalse\n")
    assert ":node NODE" in out


def test_input_that_is_no_terminal_ends_with_the_first_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(Home(tmp_path), ":node w9\n1\n", monkeypatch) == 2
    assert "no such node" in capsys.readouterr().err


def test_exit_ends_the_prompt_with_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(Home(tmp_path), "print('a')\nexit(4)\nprint('b')\n", monkeypatch) == 4
    assert capsys.readouterr().out == "a\n"


def test_a_node_that_is_none_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no such node") as caught:
        typed(Home(tmp_path), "", monkeypatch, "w9")
    assert caught.value.status == 2
