"""test_text — what was found, in words.

Way:  otp.observer.text
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otp.observer import text

EVENT: dict[str, Any] = {
    "at": 1000.25, "node": "w1", "dir": "in", "pid": "<w1.1.7>", "who": "router", "other": "sm", "kind": "iq",
    "text": "<iq/>",
}  # fmt: skip


def test_top_has_nodes_and_processes() -> None:
    row = {"pid": "<w1.1.7>", "mailbox": 3, "rate": 12.5, "memory": 2048, "status": "waiting", "label": "C2s"}
    up = {"node": "w1", "up": True, "processes": 40, "runs": 7.0, "cpu": 1.5}
    rows = [row | {"who": "romeo@x/a"}, row | {"who": "C2s"}]
    lines = text.top({"nodes": [up, {"node": "w2", "up": False}], "rows": rows}).splitlines()
    assert lines[0].split() == ["w1", "40", "processes", "7.0", "runs/s", "1.5", "%", "cpu"]
    assert lines[1] == "w2    is down"
    assert lines[4].split() == ["<w1.1.7>", "3", "12.5", "2.0", "KB", "waiting", "romeo@x/a", "(C2s)"]
    assert lines[5].endswith("waiting     C2s")


@given(st.integers(0, 40), st.integers(0, 60), st.integers(1, 60), st.integers(20, 200))
def test_on_a_screen_the_headings_stay_and_rows_go(nodes: int, rows: int, lines: int, columns: int) -> None:
    row = {"pid": "<w1.1.7>", "mailbox": 3, "rate": 12.5, "memory": 2048, "status": "waiting", "label": "C", "who": "C"}
    result = {"nodes": [{"node": f"w{n}", "up": False} for n in range(nodes)], "rows": [row] * rows}
    shown = text.top(result, columns, lines).splitlines()
    assert len(shown) <= max(lines, 3), "a summary, what the memory is, and the heading are always there"
    assert max(map(len, shown)) <= columns
    assert sum(line.startswith("PID") for line in shown) == 1
    assert sum(line.startswith("memory: ") for line in shown) == 1
    assert not nodes or shown[0].startswith(("w0", "…"))
    if lines >= nodes + 6 and rows:
        assert shown[-1].startswith("<w1.1.7>")


def test_sizes() -> None:
    assert [text.size(n) for n in (999, 1000, 2_500_000, 7e9)] == ["999 B", "1.0 KB", "2.5 MB", "7.0 GB"]


def test_an_event_is_a_line() -> None:
    line = text.event(EVENT)
    assert line.endswith(".250000 w1 router <w1.1.7> ← sm: iq <iq/>")
    assert "\033" not in line
    assert "\033" in text.event(EVENT, colours=True)
    assert text.event(EVENT | {"dir": "exit", "other": ""}).endswith("✗: iq <iq/>")


def test_a_crash_tells_what_was_done_and_shows_the_tree() -> None:
    told = text.crash({"how": "kill", "who": "sm", "pid": "<w1.1.7>", "node": "w1", "tree": {"w1": []}})
    assert told == "kill: sm <w1.1.7> on w1\nw1 is down"


def test_durations() -> None:
    assert [text.duration(s) for s in (0.4, 61, 7322, 200000)] == ["0 s", "1 min 1 s", "2 h 2 min", "2 d 7 h"]


def branch(id_: str, pid: str | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"id": id_, "pid": pid, "name": None, "module": "", "strategy": None, "status": "running"}
    ends = {"last_exit": None, "last_exit_ago": None, "recent": 0, "intensity": 0, "period": 0.0}
    return {**made, **ends, "restarts": 0, "mailbox": 0, "count": len(children), "children": list(children), **more}


def test_a_tree_is_drawn() -> None:
    hooks = branch("hooks", "<w1.3>", restarts=1, mailbox=2, last_exit="ValueError: no", last_exit_ago=2.04)
    c2s = branch("c2s_sup", "<w1.4>", branch("", "<w1.9>", module="C2s"), strategy="simple_one_for_one", count=12)
    down = branch("router", None, status="restarting")
    tree = {"w1": [branch("sup", "<w1.2>", hooks, c2s, down, recent=2, intensity=3, period=5.0)], "w2": []}
    assert text.tree(tree).splitlines() == [
        "w1",
        "└─ sup <w1.2> [2 of 3 restarts in 5 s]",
        "   ├─ hooks <w1.3> restarts=1 mailbox=2 last exit 2.0 s ago: ValueError: no",
        "   ├─ c2s_sup <w1.4> (simple_one_for_one)",
        "   │  ├─ C2s <w1.9>",
        "   │  └─ … 11 more",
        "   └─ router restarting",
        "w2 is down",
    ]


def test_how_long_ago() -> None:
    assert [text.ago(s) for s in (None, 0.26, 61.0)] == ["0 s ago", "0.3 s ago", "1 min 1 s ago"]


def test_a_process_has_a_line_for_each_of_what_is_known() -> None:
    told = {"pid": "<w1.1.7>", "links": ["<w1.1.2> sup", "<w1.1.3>"], "monitors": [], "kept": ""}
    assert [line.split(maxsplit=1) for line in text.process(told).splitlines()] == [
        ["pid", "<w1.1.7>"], ["links", "<w1.1.2> sup"], ["links", "<w1.1.3>"],
    ]  # fmt: skip
