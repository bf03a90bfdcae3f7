"""test_dispatch — where a command is carried out, and what is said when that fails.

Way:  xmppd.admin.dispatch
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts.exits import Crash
from otp.kernel import node, rpc
from tests.support.node import run
from xmppd.admin import dispatch
from xmppd.commands import CommandError

Calls = list[tuple[str, str, tuple[Any, ...]]]


@pytest.fixture
def mesh(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Nodes main, w1, w10, w2; what a worker answers stands under its name."""
    answers: dict[str, Any] = {"w1": {"ok": "one"}, "w2": {"ok": "two"}, "w10": {"ok": "ten"}, "calls": []}

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
        answers["calls"].append((worker, fn, args))
        answer = answers[worker]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(node, "nodes", lambda: ["main", "w10", "w2", "w1"])
    monkeypatch.setattr(rpc, "call", call)
    return answers


def execute(name: str, **params: Any) -> Any:
    async def body() -> Any:
        return await dispatch.execute(name, params)

    return run(body)


def refused(name: str, **params: Any) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        execute(name, **params)
    return str(caught.value), caught.value.status


def test_any_worker_is_the_first_that_is_up(mesh: dict[str, Any]) -> None:
    assert dispatch.workers() == ["w1", "w2", "w10"]
    assert execute("user add", user="a") == "one"
    assert mesh["calls"] == [("w1", "xmppd.admin.worker_commands:run", ("user add", {"user": "a", "password": None}))]


def test_an_alias_is_the_command(mesh: dict[str, Any]) -> None:
    assert execute("adduser", user="a") == "one"
    assert mesh["calls"][0][2][0] == "user add"


def test_a_worker_that_still_starts_is_passed_over(mesh: dict[str, Any]) -> None:
    mesh["w1"] = rpc.NotExported("w1", "f", "not exported")
    assert execute("user list") == "two"
    mesh["w2"] = mesh["w10"] = mesh["w1"]
    assert refused("user list") == ("w10 is still starting; try again", 75)


def test_errors_keep_their_words(mesh: dict[str, Any]) -> None:
    mesh["w1"] = {"error": "exists", "status": 1}
    assert refused("user add", user="a") == ("exists", 1)
    mesh["w1"] = rpc.RemoteError("w1", "f", Crash("ValueError", "bad"))
    assert refused("user add", user="a") == ("ValueError: bad", 1)
    mesh["w1"] = rpc.RpcTimeout("w1", "f", "timeout")
    assert refused("user add", user="a") == ("w1 gave no answer: timeout", 75)


def test_unknown_words(mesh: dict[str, Any]) -> None:
    assert refused("user ad") == ("there is no command 'user ad' (did you mean \"user add\"?)", 2)
    assert refused("user add")[1] == 2


def test_no_worker_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "nodes", lambda: ["main"])
    assert refused("user list") == ("no worker is up at the moment; try again", 75)


def test_the_shell_goes_where_it_is_told(mesh: dict[str, Any]) -> None:
    assert execute("shell", node="main", session="s", source="1 + 1") == {"output": "2\n"}
    assert execute("shell", node="w2", session="s", source="x") == "two"
    assert refused("shell", node="w3", session="s", source="x")[1] == 2
    assert refused("shell", colour="red")[1] == 2
