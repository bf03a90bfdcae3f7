"""test_evaluate — what is typed at the shell, on the node.

Way:  xmppd.ctl.evaluate
"""

from __future__ import annotations

import uuid

import pytest

from tests.support.node import run
from xmppd.ctl import evaluate


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
