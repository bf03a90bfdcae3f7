"""test_evaluate — what is typed at the shell, on the node.

Way:  xmppd.admin.evaluate
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from otp.erts import process
from otp.erts.signals import Down
from tests.support.node import run
from xmppd.admin import console, evaluate


@pytest.fixture
def session() -> str:
    return uuid.uuid4().hex


def typed(session: str, *lines: str) -> list[str]:
    async def main() -> list[str]:
        return [(await evaluate.evaluate(session, line))["output"] for line in lines]

    return run(main)  # type: ignore[no-any-return]


def test_names_are_kept_and_values_shown(session: str) -> None:
    assert typed(session, "x = 3", "x + 1", "_ * 2", "None", "print('a')") == ["", "4\n", "8\n", "", "a\n"]


def test_await_and_the_prelude(session: str) -> None:
    assert typed(session, "await process.sleep(0)", "process.node()") == ["", "'test'\n"]


def test_statements_then_a_value(session: str) -> None:
    assert typed(session, "def f(a):\n  return a + 1\nf(1)") == ["2\n"]


def test_errors_are_told_and_change_nothing(session: str) -> None:
    wrong, crashed, after = typed(session, "1 +", "1 / 0", "2")
    assert "SyntaxError" in wrong
    assert "ZeroDivisionError" in crashed
    assert after == "2\n"


def test_sessions_know_nothing_of_each_other_and_old_ones_go(session: str) -> None:
    typed(session, "x = 1")
    assert "NameError" in typed(uuid.uuid4().hex, "x")[0]
    for _ in range(evaluate.MOST_SESSIONS):
        evaluate.namespace(uuid.uuid4().hex)
    assert "NameError" in typed(session, "x")[0]


async def raised(session: str, line: str) -> dict[str, Any]:
    return await evaluate.evaluate(session, line)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("class Own(BaseException): pass\nraise Own(3)", "Own: 3"),
        ("input('who? ')", "who? Traceback"),
        ("import sys; sys.stdin.read()", "''"),
        ("import time; time.sleep(60)", "stopped: it held up the node"),
        ("while True: pass", "stopped: it held up the node"),
        ("async def f():\n  await process.sleep(0)\n  while True: pass\nawait f()", "stopped: it held up the node"),
        ("while True: print('x' * 1000)", "stopped: it printed more than"),
        ("'x' * 1000000", "stopped: it printed more than"),
        ("while True:\n  try: print('x' * 1000)\n  except Exception: pass", "stopped: it printed more than"),
        ("import sys; print('e', file=sys.stderr)", "e\n"),
        ("help()", "Python on the live node"),
        ("help(len)", "built-in function len"),
        ("exit", "the server goes on"),
        ("whereis('nobody')", ""),
        ("self_() is process.self_()", "True\n"),
    ],
)
def test_nothing_that_is_typed_goes_beyond_the_prompt(
    session: str, line: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "LONGEST", 0.2)
    said, after = typed(session, line, "1 + 1")
    assert says in said
    assert len(said) < 2 * console.MOST
    assert after == "2\n"


@pytest.mark.parametrize(
    ("line", "status"),
    [("exit()", 0), ("quit()", 0), ("exit(3)", 3), ("import sys; sys.exit('no')", 1), ("raise SystemExit", 0)],
)
def test_the_end_that_is_typed_is_the_prompts(session: str, line: str, status: int) -> None:
    assert run(lambda: raised(session, line))["exit"] == status


def test_what_others_print_meanwhile_is_theirs(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def other() -> None:
        print("of another")

    async def main() -> Any:
        process.spawn(other)
        return await raised(session, "print('mine')\nawait process.sleep(0.05)\nprint('mine too')")

    assert run(main)["output"] == "mine\nmine too\n"
    assert capsys.readouterr().out == "of another\n"


def test_what_is_waited_for_can_be_ended(session: str) -> None:
    async def main() -> Any:
        _pid, ref = process.spawn_monitor(evaluate.evaluate, session, "await process.sleep(3600)")
        await process.sleep(0.01)
        evaluate.interrupt(session)
        down = await process.receive(lambda message: isinstance(message, Down) and message.ref == ref, 10.0)
        return down.reason, (await evaluate.evaluate(session, "2"))["output"]

    assert run(main) == ("interrupted", "2\n")
