"""test_render — results as people read them.

Way:  xmppd.cli.render
"""

from __future__ import annotations

from typing import Any

from xmppd.cli import render


def test_tables_fields_and_lists() -> None:
    assert render.render([{"a": 1, "bb": None}, {"a": "xyz", "bb": True}]) == "A    BB\n1    -\nxyz  yes"
    assert render.render({"a": 1, "bcd": ["x", "y"]}) == "a    1\nbcd  x, y"
    assert render.render(["x", "y"]) == "x\ny"
    assert render.render({"text": "t"}) == "t"
    assert render.render(None) == ""
    assert render.render([]) == ""


def test_status_counts_what_people_did() -> None:
    told: dict[str, Any] = {"version": "1", "pid": 7, "uptime": 3, "sessions": 1, "hosts": ["a"], "listen": []}
    told["workers"] = [{"name": "w1"}]
    assert "deeds    logins 12, failed logins 3\n" in render.status(
        {**told, "deeds": {"logins": 12, "failed logins": 3, "kicks": 0}}
    )
    assert "deeds" not in render.status({**told, "deeds": {}})


def test_durations() -> None:
    assert [render.duration(s) for s in (0.4, 61, 7322, 200000)] == ["0 s", "1 min 1 s", "2 h 2 min", "2 d 7 h"]


def branch(id_: str, pid: str | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"id": id_, "pid": pid, "name": None, "module": "", "strategy": None, "status": "running"}
    ends = {"last_exit": None, "last_exit_ago": None, "recent": 0, "intensity": 0, "period": 0.0}
    return {**made, **ends, "restarts": 0, "mailbox": 0, "count": len(children), "children": list(children), **more}


def test_a_tree_is_drawn() -> None:
    hooks = branch("hooks", "<w1.3>", restarts=1, mailbox=2, last_exit="ValueError: no", last_exit_ago=2.04)
    c2s = branch("c2s_sup", "<w1.4>", branch("", "<w1.9>", module="C2s"), strategy="simple_one_for_one", count=12)
    down = branch("router", None, status="restarting")
    tree = {"w1": [branch("sup", "<w1.2>", hooks, c2s, down, recent=2, intensity=3, period=5.0)], "w2": []}
    assert render.tree(tree).splitlines() == [
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
    assert [render.ago(s) for s in (None, 0.26, 61.0)] == ["0 s ago", "0.3 s ago", "1 min 1 s ago"]
