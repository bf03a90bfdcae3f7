"""test_commands — what is asked of all nodes of a mesh comes together in one answer.

Way:  otp.observer.commands
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.observer import commands
from otp.observer.errors import BadRequest, ObserverError, Refused
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import run
from tests.support.remote_node import Echoed


def test_every_node_tells_and_one_alone_too() -> None:
    async def body(others: Mesh) -> None:
        echo = await call("w1", "start_echo")
        for what in ("system", "load", "tables"):
            assert list(await commands.observe(what)) == ["main", "w1"]
        assert (await commands.observe("info", str(echo)))["w1"]["pid"] == str(echo)
        assert list(await commands.observe("load", node="w1")) == ["w1"]
        assert await commands.tree() == {"main": [], "w1": []}
        found = await commands.top("reductions", 500, 0.05)
        assert str(echo) in [row["pid"] for row in found["rows"]]
        assert [(node["node"], node["up"]) for node in found["nodes"]] == [("main", True), ("w1", True)]

    mesh.run(body, "w1")


def test_a_trace_of_a_process_of_another_node_in_the_order_of_time() -> None:
    async def body(others: Mesh) -> None:
        echo = await call("w1", "start_echo")
        begun = await commands.trace_begin(str(echo))
        assert (begun["nodes"], begun["processes"], begun["note"]) == (["w1"], 1, "")
        for word in ("one", "two"):
            process.send(echo, (process.self_(), word))
            assert (await mesh.receive(lambda m: isinstance(m, Echoed))).what == word
        events: list[Any] = []

        async def read() -> bool:
            events.extend((await commands.trace_read(begun["key"], begun["nodes"]))["events"])
            return len(events) >= 4

        while not await read():
            await process.sleep(0.01)
        assert [event["dir"] for event in events] == ["in", "out", "in", "out"]
        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        assert await commands.trace_end(begun["key"], ["w1", "elsewhere"]) == {"ended": True}
        assert (await commands.trace_read(begun["key"], ["w1"]))["over"]

    mesh.run(body, "w1")


def test_a_process_of_another_node_is_broken() -> None:
    async def body(others: Mesh) -> None:
        echo = await call("w1", "start_echo")
        told = await commands.crash(str(echo), "kill")
        assert (told["node"], told["pid"], told["tree"]) == ("w1", str(echo), {"w1": []})
        with pytest.raises(ObserverError, match="there is no process"):
            await commands.crash(str(echo), "kill")

    mesh.run(body, "w1")


def test_what_means_nothing_is_told() -> None:
    async def body() -> None:
        for asked, words in (
            (commands.observe("weather"), "none of system"),
            (commands.observe("rows"), "which table"),
            (commands.observe("info"), "which process"),
            (commands.tree(node="w9"), "no node w9; there are test"),
            (commands.top("mailbx"), "did you mean 'mailbox'"),
            (commands.trace_begin("x", direction="up"), "in, out or both"),
            (commands.crash("x", "kil"), "did you mean 'kill'"),
            (commands.execute("tre", {}), "did you mean 'tree'"),
            (commands.execute("tree", {"x": 1}), "unexpected keyword"),
        ):
            with pytest.raises(BadRequest, match=words):
                await asked
        for nobody, words in (
            (commands.tree("crowd"), "no supervisor crowd"),
            (commands.trace_begin("nobody"), "there is no process nobody"),
            (commands.crash("nobody"), "there is no process nobody"),
        ):
            with pytest.raises(ObserverError, match=words):
                await nobody
        with pytest.raises(Refused, match="holds an application or the node"):
            await commands.crash(str(process.self_()), "kill")
        assert await commands.execute("observe", {"what": "rows", "name": "none"}) == {"test": []}

    run(body)
