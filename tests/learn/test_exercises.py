"""test_exercises — every exercise can be done, none is done already, and what its checks say helps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.learn import exercise

ROOT = Path(__file__).parents[2]
NUMBERS = range(1, exercise.COUNT + 1)


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.learn.exercise", *words]
    environ = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_passes(number: int) -> None:
    done = run(str(number), str(exercise.SOLUTIONS / f"{number:02}.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed." in done.stdout
    assert "not yet" not in done.stdout


@pytest.mark.parametrize("number", NUMBERS)
def test_the_skeleton_fails_in_words(number: int) -> None:
    done = run(str(number))
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"exercise {number}: docs/learn/exercises/{number:02}.py" in done.stdout
    reasons = [line for line in done.stdout.splitlines() if line.strip().startswith("->")]
    assert reasons
    assert not [line for line in reasons if len(line.split()) < 5], "too few words"
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", NUMBERS)
def test_each_check_says_what_shall_hold(number: int) -> None:
    checks = exercise.checks(number)
    assert len(checks) >= 3
    assert all((check.__doc__ or "").strip().endswith(".") for check in checks)


def test_a_file_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text("import otp\nx = 1 / 0\n")
    done = run("1", str(answer))
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert "in answer.py, line 2: x = 1 / 0" in done.stdout


@pytest.mark.parametrize("code", ["while True: pass", "await process.sleep(60)"])
def test_an_answer_without_an_end_is_told(tmp_path: Path, code: str) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text(f"from otp.erts import process\nasync def attempt(seconds, fn, *args):\n    {code}\n")
    done = run("2", str(answer), PATIENCE="2")
    assert done.returncode == 1
    assert "No end after 2 s" in done.stdout or "attempt() did not return" in done.stdout


def test_without_a_number_it_asks_for_one() -> None:
    for words in ((), ("11",), ("x",)):
        done = run(*words)
        assert done.returncode == 2
        assert "make exercise 1" in done.stdout


#: a usual wrong idea
SPINS = """
from otp.erts.process import receive, self_, send

async def storeroom():
    things = []
    while True:
        match await receive():
            case ("put", thing):
                things.append(thing)
            case ("get", sender) if things:
                send(sender, ("thing", things.pop(0)))
            case ("get", sender):
                send(self_(), ("get", sender))
            case "stop":
                return
"""


def test_a_storeroom_that_asks_itself_again_and_again_is_told(tmp_path: Path) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text(SPINS)
    done = run("1", str(answer))
    assert done.returncode == 1
    assert "burns the processor" in done.stdout


def test_an_account_with_its_state_on_self_is_told(tmp_path: Path) -> None:
    skeleton = (exercise.EXERCISES / "03.py").read_text()
    answer = tmp_path / "answer.py"
    answer.write_text(skeleton.replace("        return 0\n", "        self.total = 0\n        return self\n"))
    done = run("3", str(answer))
    assert done.returncode == 1
    assert "self.total of Account: all processes of a callback class share its one object" in done.stdout
    assert "Keep 'total' in the state" in done.stdout
