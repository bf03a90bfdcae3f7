"""Reports in words: what is said of each kind, and how it is cut."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts.exits import crash
from otp.stdlib.report_text import describe, reason_text

TERMINATE: dict[str, Any] = {
    "label": ("gen_server", "terminate"),
    "name": "sm",
    "module": "Sm",
    "last_message": ("open", 1),
    "state": {"rows": 2},
    "reason": "boom",
    "client": None,
}
CRASH: dict[str, Any] = {
    "label": ("proc_lib", "crash"),
    "initial_call": "play.Sm",
    "pid": "<w1.1.7>",
    "registered_name": "sm",
    "reason": "boom",
    "ancestors": ["<w1.1.2>"],
    "message_queue_len": 3,
    "messages": ["a", "b"],
    "links": [],
    "dictionary": {},
    "trap_exit": False,
    "status": "running",
    "reductions": 12,
    "neighbours": [{"pid": "<w1.1.9>", "registered_name": None, "initial_call": "play.Near"}],
}


def supervisor(context: str, **more: Any) -> dict[str, Any]:
    child = {"id": "sm", "pid": "<w1.1.7>"}
    return {"label": ("supervisor", context), "supervisor": "top", "reason": "killed", "offender": child, **more}


def test_a_behaviours_end_names_it_its_message_and_its_state() -> None:
    assert describe(TERMINATE).splitlines() == [
        "gen_server sm Sm terminating: boom",
        "last message: ('open', 1)",
        "state: {'rows': 2}",
    ]


def test_client_and_handler_are_named_where_there_are_some() -> None:
    told = describe({**TERMINATE, "client": "<w1.1.5>", "handler": "H", "last_message": None})
    assert "client: <w1.1.5>" in told
    assert "handler: 'H'" in told
    assert "last message" not in told


def test_a_crash_tells_of_ancestors_mailbox_and_neighbours() -> None:
    lines = describe(CRASH).splitlines()
    assert lines[0] == "crasher:"
    assert "  message_queue_len: 3" in lines
    assert "  exception: boom" in lines
    assert lines[-2:] == ["neighbours:", "  <w1.1.9> play.Near"]


@pytest.mark.parametrize("context", ["child_terminated", "shutdown_error", "start_error"])
def test_a_supervisors_report_names_child_and_reason(context: str) -> None:
    assert describe(supervisor(context)) == f"supervisor top: child sm <w1.1.7> {context}: killed"


def test_progress_is_a_line() -> None:
    told = describe({"label": ("supervisor", "progress"), "supervisor": "top", "started": {"id": "sm", "pid": "<1>"}})
    assert told == "supervisor top: child sm <1> started"


def test_anything_else_is_shown_as_it_is() -> None:
    assert describe("a word") == "'a word'"
    assert describe({"label": "unknown", "x": 1}) == "{'label': 'unknown', 'x': 1}"


def test_one_line_has_no_line_breaks() -> None:
    told = describe(TERMINATE, single_line=True)
    assert told == "gen_server sm Sm terminating: boom; last message: ('open', 1); state: {'rows': 2}"


def test_depth_bounds_each_value_and_chars_limit_the_whole() -> None:
    long = {**TERMINATE, "state": list(range(1000)), "last_message": "x" * 1000}
    assert len(describe(long, depth=5)) < 200
    cut = describe(long, chars_limit=50)
    assert len(cut) == 50
    assert cut.endswith("…")
    assert describe(TERMINATE, chars_limit=10_000) == describe(TERMINATE)


def test_a_reason_is_a_traceback_or_a_bare_word() -> None:
    try:
        raise ValueError("no such row")
    except ValueError as error:
        told = reason_text(crash(error))
    assert "Traceback" in told
    assert "no such row" in told
    assert reason_text("killed") == "killed"
    assert reason_text(("shutdown", 1)) == "('shutdown', 1)"
