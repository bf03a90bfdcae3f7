"""exercise — checks an exercise of docs/learn and says in words what holds: `make exercise N`.

    python -m tests.learn.exercise [N [FILE]]       FILE: another answer than docs/learn/exercises/NN.py

The checks are the functions `check_…` of tests/learn/hidden/ex_NN.py. Each gets the module to be checked, runs as a
process of a fresh node, and begins with a docstring that says what shall hold; a failing assert says what does not.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from tests.support import node

ROOT = Path(__file__).parents[2]
EXERCISES = ROOT / "docs" / "learn" / "exercises"
SOLUTIONS = ROOT / "tests" / "learn" / "solutions"
COUNT = 10
#: seconds for one check; an answer that loops without ever waiting would hold up everything
PATIENCE = int(os.environ.get("PATIENCE", "20"))


@dataclass(frozen=True)
class Result:
    """One check: what shall hold, and None or what went wrong."""

    title: str
    fault: str | None


def load(number: int, path: Path) -> ModuleType:
    """The answer as a module called exercise_NN. Raises what the file raises."""
    name = f"exercise_{number:02}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def hidden(number: int) -> ModuleType:
    """The file with the checks of an exercise; it may bring a `run` of its own."""
    return importlib.import_module(f"tests.learn.hidden.ex_{number:02}")


def checks(number: int) -> list[Callable[[ModuleType], Any]]:
    """The checks of an exercise, in the order of their file."""
    return [fn for name, fn in vars(hidden(number)).items() if name.startswith("check_")]


def results(number: int, path: Path) -> Iterator[Result]:
    """Carry out one check after the other."""
    try:
        module = load(number, path)
    except Exception as error:
        yield Result("the file can be imported", told(error, path))
        return
    run = getattr(hidden(number), "run", node.run)
    for check in checks(number):
        title = " ".join((inspect.getdoc(check) or check.__name__).split())
        try:
            run(lambda check=check: check(module))
        except Exception as error:
            yield Result(title, told(error, path))
        else:
            yield Result(title, None)


def told(error: Exception, path: Path) -> str:
    """What went wrong, for the person who wrote the answer: the words of an assert, or where their code raised."""
    if isinstance(error, AssertionError) and error.args:
        return str(error)
    text = f"{type(error).__name__}: {error}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename) == path:
            return f"{text}\n    in {path.name}, line {frame.lineno}: {frame.line}"
    return text


def main(words: list[str]) -> int:
    """Print what holds; 0 if all does."""
    if not words or not words[0].isdigit() or not 1 <= int(words[0]) <= COUNT:
        print(f"Which one? make exercise 1 … make exercise {COUNT}")
        return 2
    number = int(words[0])
    path = Path(words[1]).resolve() if len(words) > 1 else EXERCISES / f"{number:02}.py"
    print(f"exercise {number}: {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}\n")
    quiet()
    failed = 0
    for result in results(number, path):
        signal.alarm(PATIENCE)
        failed += result.fault is not None
        print("  ok     " if result.fault is None else "  not yet", result.title)
        if result.fault is not None:
            print("          ->", result.fault.replace("\n", "\n             "))
    signal.alarm(0)
    print("\nPassed." if not failed else f"\n{failed} not yet. Mend the file and run `make exercise {number}` again.")
    return int(failed > 0)


def quiet() -> None:
    """No reports of crashes, which the checks cause on purpose; and no endless waiting."""
    if not os.environ.get("REPORTS"):
        logging.disable(logging.CRITICAL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what other nodes write
        sys.stderr = sys.stdout
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(PATIENCE)


def _too_long(_number: int, frame: FrameType | None) -> None:
    print(f"\nNo end after {PATIENCE} s. Is there a loop that never waits, or a receive that nobody sends to?")
    traceback.print_stack(frame, limit=3)
    sys.stdout.flush()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
