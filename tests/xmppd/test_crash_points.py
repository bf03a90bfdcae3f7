"""A named point is where the process dies: at the passing that was asked for, on the node that was meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crash import watched
from xmppd import crash_points
from xmppd.crash_points import CrashAt, parse

POINT = "store.before_commit"
LIVES = f"""
import sys
from xmppd import crash_points
crash_points.arm(sys.argv[1], "w1")
for number in range(1, 6):
    print(number, flush=True)
    crash_points.reach("{POINT}")
    crash_points.reach("store.after_commit")
"""


def lived(text: str) -> tuple[int, str, str]:
    """(exit code, what it counted up to, what it said) of a process that passes two points five times."""
    done = subprocess.run([sys.executable, "-c", LIVES, text], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.split()[-1], done.stderr


def test_the_process_dies_at_the_passing_that_was_named() -> None:
    assert lived(f"{POINT}:3@w1") == (137, "3", f"XMPPD_CRASH_AT: dies at {POINT}\n")
    assert lived(POINT)[:2] == (137, "1")


@pytest.mark.parametrize("text", ["", f"{POINT}@w2", f"{POINT}:6", "store.answered"])
def test_it_lives_where_the_point_is_not_reached_or_another_node_is_meant(text: str) -> None:
    assert lived(text) == (0, "5", "")


def test_what_the_variable_says() -> None:
    assert parse("") is None
    assert parse(POINT) == CrashAt(POINT)
    assert parse(f"{POINT}:12") == CrashAt(POINT, 12)
    assert parse(f"{POINT}:2@w2") == CrashAt(POINT, 2, "w2")
    assert parse(f"{POINT}@w2") == CrashAt(POINT, 1, "w2")


@pytest.mark.parametrize("text", [f"{POINT}:0", f"{POINT}:x", f"{POINT} ", ":3", "a b"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be NAME"):
        parse(text)


def test_an_unknown_point_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"no point 'store\.nowhere'; there are .*store\.before_commit"):
        parse("store.nowhere:2")


def test_who_watches_hears_of_each_point() -> None:
    with watched() as passed:
        crash_points.reach(POINT)
        crash_points.reach("store.answered")
    crash_points.reach(POINT)
    assert passed == [POINT, "store.answered"]


def test_a_verb_refuses_an_unknown_point(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xmppd.cli.main", "--home", str(tmp_path), "start"]
    done = subprocess.run(command, env={"XMPPD_CRASH_AT": "x.y"}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    assert "there is no point 'x.y'" in done.stderr
