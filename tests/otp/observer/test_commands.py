"""test_trace — the parent begins a trace where it belongs, and puts what was seen in order.

Way:  xmppd.ctl.look.trace
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.node import run
from xmppd.commands import CommandError
from xmppd.ctl.look import nodes, trace


class Parent:
    workers = ("w1", "w2")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    answers: dict[str, Any] = {
        "begin": {"w1": 1, "w2": 0},
        "read": {"w1": {"events": [{"at": 2}], "over": False, "dropped": 1},
                 "w2": {"events": [{"at": 1}], "over": False, "dropped": 0}},
        "end": {},
        "is_account": {"w1": None, "w2": None},
    }  # fmt: skip

    async def each(fn: str, *args: Any, only: Any = None, timeout: float = 0) -> dict[str, Any]:
        calls.append((fn.rpartition(":")[2], only, args))
        found = answers[fn.rpartition(":")[2]]
        return {name: found.get(name) for name in only if name != "main"}

    monkeypatch.setattr(nodes, "state", Parent)
    monkeypatch.setattr(nodes, "each", each)
    return calls


def begin(target: str, node: str | None = None, direction: str = "both") -> Any:
    async def body() -> Any:
        return await trace.begin(target, ["iq"], direction, 10, 5.0, node)

    return run(body)


def test_a_name_is_followed_everywhere_a_pid_on_its_node_a_jid_on_the_workers(asked: list[Any]) -> None:
    begun = begin("router")
    assert (begun["nodes"], begun["processes"]) == (["w1", "w2"], 1)
    begin("<w1.1.7>")
    begin("romeo@x")
    assert [only for _, only, _ in asked] == [["main", "w1", "w2"], ["w1"], ["w1", "w2"]]
    assert asked[0][2][1:] == ("router", ["iq"], "both", 10, 5.0)


def test_nobody_is_meant(asked: list[Any]) -> None:
    with pytest.raises(CommandError, match="no process router"):
        begin("router", "w2")
    assert asked[-1][0] == "end"
    assert begin("romeo@x", "w2")["processes"] == 0, "who is no session yet may come"
    with pytest.raises(CommandError, match="in, out or both"):
        begin("router", direction="up")


def test_who_may_yet_come_is_waited_for_and_who_cannot_is_told(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begin("romeo@x", "w2")["note"] == "romeo@x is not connected; waiting"
    assert begin("192.0.2.1", "w2")["note"] == "192.0.2.1 is not connected; waiting"
    assert begin(":5222", "w2")["note"]
    assert begin("romeo@x")["note"] == "", "a session is there"
    begin("192.0.2.1")
    assert asked[-1][1] == ["w1", "w2"], "the parent has no streams"
    asked.clear()
    each = nodes.each

    async def known(fn: str, *args: Any, only: Any = None, timeout: float = 0) -> dict[str, Any]:
        if fn.endswith("is_account"):
            return {"w2": False}
        return await each(fn, *args, only=only)

    monkeypatch.setattr(nodes, "each", known)
    with pytest.raises(CommandError, match="there is no account nobody@x"):
        begin("nobody@x", "w2")
    assert asked[-1][0] == "end"


def test_events_of_all_nodes_in_the_order_of_time(asked: list[Any]) -> None:
    async def body() -> Any:
        found = await trace.read("k", ["w1", "w2", "elsewhere"])
        assert await trace.end("k", ["w1"]) == {"ended": True}
        return found

    assert run(body) == {"events": [{"at": 1}, {"at": 2}], "over": False, "dropped": 1}
    assert [only for _, only, _ in asked] == [["w1", "w2"], ["w1"]]
