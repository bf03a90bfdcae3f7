"""test_look_text — what the looking verbs found, in words.

Way:  xmppd.ctl.look_text
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xmppd.ctl import look_text

EVENT: dict[str, Any] = {
    "at": 1000.25, "node": "w1", "dir": "in", "pid": "<w1.1.7>", "who": "router", "other": "sm", "kind": "iq",
    "text": "<iq/>",
}  # fmt: skip


def test_top_has_nodes_and_processes() -> None:
    row = {"pid": "<w1.1.7>", "mailbox": 3, "rate": 12.5, "memory": 2048, "status": "waiting", "label": "C2s"}
    up = {"node": "w1", "up": True, "processes": 40, "runs": 7.0, "cpu": 1.5}
    rows = [row | {"who": "romeo@x/a"}, row | {"who": "C2s"}]
    lines = look_text.top({"nodes": [up, {"node": "w2", "up": False}], "rows": rows}).splitlines()
    assert lines[0].split() == ["w1", "40", "processes", "7.0", "runs/s", "1.5", "%", "cpu"]
    assert lines[1] == "w2    is down"
    assert lines[4].split() == ["<w1.1.7>", "3", "12.5", "2.0", "KB", "waiting", "romeo@x/a", "(C2s)"]
    assert lines[5].endswith("waiting     C2s")


@given(st.integers(0, 40), st.integers(0, 60), st.integers(1, 60), st.integers(20, 200))
def test_on_a_screen_the_headings_stay_and_rows_go(nodes: int, rows: int, lines: int, columns: int) -> None:
    row = {"pid": "<w1.1.7>", "mailbox": 3, "rate": 12.5, "memory": 2048, "status": "waiting", "label": "C", "who": "C"}
    result = {"nodes": [{"node": f"w{n}", "up": False} for n in range(nodes)], "rows": [row] * rows}
    shown = look_text.top(result, columns, lines).splitlines()
    assert len(shown) <= max(lines, 3), "a summary, what the memory is, and the heading are always there"
    assert max(map(len, shown)) <= columns
    assert sum(line.startswith("PID") for line in shown) == 1
    assert sum(line.startswith("memory: ") for line in shown) == 1
    assert not nodes or shown[0].startswith(("w0", "…"))
    if lines >= nodes + 6 and rows:
        assert shown[-1].startswith("<w1.1.7>")


def test_sizes() -> None:
    assert [look_text.size(n) for n in (999, 1000, 2_500_000, 7e9)] == ["999 B", "1.0 KB", "2.5 MB", "7.0 GB"]


def test_an_event_is_a_line() -> None:
    line = look_text.event(EVENT)
    assert line.endswith(".250000 w1 router <w1.1.7> ← sm: iq <iq/>")
    assert "\033" not in line
    assert "\033" in look_text.event(EVENT, colours=True)
    assert look_text.event(EVENT | {"dir": "exit", "other": ""}).endswith("✗: iq <iq/>")


def test_a_chart_is_a_list() -> None:
    arrow = {"from": "a", "to": "router w1", "text": "route()", "us": 12.5, "at_us": 100.0}
    lines = look_text.chart({"kind": "iq", "sender": "romeo@x/a", "us": 100.0, "arrows": [arrow]}).splitlines()
    assert lines == ["a iq of romeo@x/a, 100 µs in all", "     100.0 µs    +12.5 µs  router w1  route()"]


def test_a_crash_tells_what_was_done_and_shows_the_tree() -> None:
    text = look_text.crash({"how": "kill", "who": "sm", "pid": "<w1.1.7>", "node": "w1", "tree": {"w1": []}})
    assert text == "kill: sm <w1.1.7> on w1\nw1 is down"
