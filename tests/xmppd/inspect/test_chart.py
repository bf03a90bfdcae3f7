"""test_chart — the notes of all nodes become one way.

Way:  xmppd.inspect.chart
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.observer import nodes
from tests.support.node import run
from xmppd.commands import CommandError
from xmppd.inspect import chart

SECOND = 1_000_000_000


class Parent:
    workers = ("w1", "w2")


#: a message from romeo on w1 to two sessions of juliet, on w1 and on w2
W1 = {
    "m": {
        "sender": "romeo@x/a",
        "kind": "message",
        "notes": [
            [3000, "w1", "router", "<w1.1.5>", "route()"],
            [1000, "w1", "receiver", "<w1.1.4>", "90 bytes read"],
            [2000, "w1", "c2s", "<w1.1.5>", "takes it up"],
            [4000, "w1", "mailbox", "<w1.1.9>", "Deliver"],
            [5000, "w1", "link", "<w2.1.7>", "Deliver, to w2"],
            [6000, "w1", "transport", "<w1.1.9>", "to the socket"],
            [6500, "w1", "client", "<w1.1.9>", "written to the socket"],
        ],
    },
    "stray": {"sender": None, "kind": None, "notes": [[1, "w1", "router", "", "route()"]]},
}
W2 = {"m": {"sender": None, "kind": None, "notes": [[9000, "w2", "mailbox", "<w2.1.7>", "Deliver"]]}}


def test_notes_become_arrows_and_each_recipient_is_a_branch_of_its_own() -> None:
    way = chart.merged([W1, W2])["m"]
    made = chart.arrows(way["notes"], way["sender"])
    assert [(a.source, a.target, a.us) for a in made] == [
        ("client romeo@x/a", "receiver <w1.1.4>", 0.0),
        ("receiver <w1.1.4>", "c2s <w1.1.5>", 1.0),
        ("c2s <w1.1.5>", "router w1", 1.0),
        ("router w1", "c2s <w1.1.9>", 1.0),
        ("router w1", "link w1 to w2", 2.0),
        ("c2s <w1.1.9>", "transport <w1.1.9>", 2.0),
        ("transport <w1.1.9>", "client of <w1.1.9>", 0.5),
        ("link w1 to w2", "c2s <w2.1.7>", 4.0),
    ]
    assert made[-1].at == 8.0
    assert chart.arrows([], "x") == []


def test_the_error_that_a_stanza_comes_back_with_is_the_end_of_its_way() -> None:
    sent = [[1000, "w1", "c2s", "<w1.1.5>", "takes it up"], [2000, "w1", "users", "<w1.1.5>", "refuses: gone"]]
    back = [[3000, "w1", "mailbox", "<w1.1.5>", "Deliver"], [4000, "w1", "client", "<w1.1.5>", "written to the socket"]]
    told = {
        "e": {"sender": None, "kind": None, "notes": back, "of": "m"},
        "m": {"sender": "romeo@x/a", "kind": "message", "notes": sent},
    }
    ways = chart.merged([told, {"e": {"sender": None, "kind": None, "notes": []}}])
    assert list(ways) == ["m"]
    made = chart.arrows(ways["m"]["notes"], "romeo@x/a")
    assert [(a.source, a.target) for a in made] == [
        ("client romeo@x/a", "c2s <w1.1.5>"),
        ("c2s <w1.1.5>", "users w1"),
        ("users w1", "c2s <w1.1.5>"),
        ("c2s <w1.1.5>", "client romeo@x/a"),
    ]
    assert chart.merged([{"e": told["e"]}])["e"]["sender"] is None, "the stanza itself may have been forgotten"


def test_a_way_is_complete_when_nothing_new_comes_and_it_is_the_one_that_is_wanted() -> None:
    ways = chart.merged([W1, W2])
    assert chart.complete(ways, None, None, 9000) is None
    assert chart.complete(ways, "romeo@x", "message", SECOND) is not None
    assert chart.complete(ways, "romeo@x/a", None, SECOND) is not None
    for target, kind in (("juliet@x", None), ("romeo@x/b", None), (None, "iq")):
        assert chart.complete(ways, target, kind, SECOND) is None


def test_the_workers_are_asked_until_one_has_gone_its_way_and_then_told_to_stop(monkeypatch: Any) -> None:
    asked: list[str] = []

    async def each(fn: str, *args: Any, only: Any = None, timeout: float = 0) -> dict[str, Any]:
        asked.append(fn.rpartition(":")[2])
        return {"w1": W1, "w2": None} if asked.count("notes") > 1 else {"w1": {}, "w2": None}

    monkeypatch.setattr(nodes, "each", each)
    monkeypatch.setattr(chart, "state", Parent)

    async def body() -> Any:
        found = await chart.chart("romeo@x", None, 5.0)
        with pytest.raises(CommandError, match="no iq of anybody within"):
            await chart.chart(None, "iq", 0.05)
        with pytest.raises(CommandError, match="router is no JID"):
            await chart.chart("router", None, 1.0)
        return found

    found = run(body)
    assert (found["sender"], found["kind"], found["us"]) == ("romeo@x/a", "message", 5.5)
    assert found["arrows"][0]["from"] == "client romeo@x/a"
    assert asked[:4] == ["begin", "notes", "notes", "end"]
    assert asked[-1] == "end"
