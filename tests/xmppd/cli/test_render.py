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


def test_a_chart_is_a_list() -> None:
    arrow = {"from": "a", "to": "router w1", "text": "route()", "us": 12.5, "at_us": 100.0}
    lines = render.chart({"kind": "iq", "sender": "romeo@x/a", "us": 100.0, "arrows": [arrow]}).splitlines()
    assert lines == ["a iq of romeo@x/a, 100 µs in all", "     100.0 µs    +12.5 µs  router w1  route()"]
