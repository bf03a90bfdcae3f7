"""test_dispatch — where a command is carried out, and what is said when that fails.

Way:  xmppd.admin.dispatch
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from otp.erts.exits import Crash
from otp.kernel import node, rpc
from tests.support.node import run
from xmppd.admin import dispatch
from xmppd.commands import Answer, CommandError


@dataclass(frozen=True)
class PlayedParent:
    """What the parent was told of its workers."""

    workers: tuple[str, ...]


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
    monkeypatch.setattr(dispatch, "state", lambda: PlayedParent(("w1", "w2", "w10")))
    return answers


def execute(name: str, **params: Any) -> Any:
    async def body() -> Any:
        return (await dispatch.execute(name, params)).value

    return run(body)


def refused(name: str, **params: Any) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        execute(name, **params)
    return str(caught.value), caught.value.status


def test_any_worker_is_the_first_that_is_up(mesh: dict[str, Any]) -> None:
    assert dispatch.workers() == ["w1", "w2", "w10"]
    assert execute("user add", user="a") == "one"
    assert mesh["calls"] == [("w1", "xmppd.admin.worker_commands:run", ("user add", {"user": "a"}))]


def test_its_own_words_come_with_the_result(mesh: dict[str, Any]) -> None:
    mesh["w1"] = {"ok": {"jid": "a@x"}, "text": "made a@x"}

    async def body() -> Answer:
        return await dispatch.execute("user add", {"user": "a"})

    assert run(body) == Answer({"jid": "a@x"}, "made a@x")


def test_the_commands_are_those_of_the_parent_and_of_a_worker(mesh: dict[str, Any]) -> None:
    one = {"name": ["tea", "pour"]}
    mesh["w1"] = {"ok": [one]}
    found = execute("commands")
    assert found[-1] == one
    assert ["status"] in [list(plain["name"]) for plain in found]


def test_a_node_of_another_name_is_no_worker(mesh: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "nodes", lambda: ["main", "w1", "w77", "watcher"])
    assert dispatch.workers() == ["w1"]


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
    mesh["w1"] = {"error": "there is no command 'user ad'", "status": 2}
    assert refused("user ad") == ("there is no command 'user ad'", 2)
    assert refused("upgrade") == ("upgrade needs module", 2)


def test_no_worker_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "nodes", lambda: ["main"])
    monkeypatch.setattr(dispatch, "state", lambda: PlayedParent(("w1",)))
    assert refused("user list") == ("no worker is up at the moment; try again", 75)


def test_the_shell_goes_where_it_is_told(mesh: dict[str, Any]) -> None:
    assert execute("shell", node=node.this(), session="s", source="1 + 1") == {"output": "2\n", "node": node.this()}
    mesh["w1"] = mesh["w2"] = {"ok": {"output": ""}}
    assert execute("shell", node="w2", session="s", source="x") == {"output": "", "node": "w2"}
    assert execute("shell", session="s", source="x")["node"] == "w1"
    assert refused("shell", node="w3", session="s", source="x")[1] == 2
