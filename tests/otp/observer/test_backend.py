"""test_backend — what a node tells of itself.

Way:  otp.observer.backend
"""

from __future__ import annotations

import json
import time
from typing import Any

from otp.erts import process
from otp.kernel import stall
from otp.observer import backend
from otp.stdlib import ets, supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run
from tests.support.scripted_children import Any_, Script, worker


async def family() -> Any:
    script = Script()
    children = [worker(script, id_) for id_ in ("a", "b", "c")]
    return await supervisor.start_link(Any_, (SupFlags(), children), name="top")


def test_the_system_and_its_load_are_plain_data() -> None:
    async def body() -> None:
        await family()
        ets.new("mine")
        told = backend.system()
        assert told["node"].startswith("test ")
        assert (told["supervisors"], told["tables"], told["connected nodes"]) == (1, 1, "none")
        load = backend.load()
        assert load["memory"] > 1_000_000
        assert load["processes"] >= 5
        assert json.dumps([told, load])

    run(body)


def test_when_it_began() -> None:
    assert 0 <= time.time() - backend.started() < 24 * 3600


def test_the_last_alarm_is_told() -> None:
    stall.ALARMS.append(stall.Alarm(0.0, 3.5, "<w1.1.7> sm", "stack"))

    async def body() -> str:
        return str(backend.system()["last alarm"])

    assert run(body).startswith("3.5 s in <w1.1.7> sm, ")
    stall.ALARMS.clear()


def test_trees_of_the_node_of_one_supervisor_and_its_pages() -> None:
    async def body() -> None:
        top = await family()
        (whole,) = backend.trees()
        assert [child["id"] for child in whole["children"]] == ["a", "b", "c"]
        assert backend.trees(str(top))[0]["id"] == "top"
        (page,) = backend.trees("top", limit=1, first=1)
        assert [child["id"] for child in page["children"]] == ["b"]
        assert backend.trees("a") == backend.trees("nobody") == []
        assert json.dumps(whole)

    run(body)


def test_the_busiest_bear_names() -> None:
    async def chatter() -> None:
        while True:
            process.send(process.self_(), "on")
            await process.receive()
            await process.give_way()

    async def body() -> None:
        process.spawn(chatter, name="chatter")
        told = await backend.busiest("rate", 1, 0.05)
        assert [row["who"] for row in told["rows"]] == ["chatter"]
        assert told["rows"][0]["rate"] > 0
        assert told["runs"] > 0

    run(body)


def test_tables_and_their_rows_without_secrets() -> None:
    async def body() -> None:
        process.register("keeper", process.self_())
        table = ets.new("mine")
        table["password"] = "tiger"
        table["row"] = {"password": "tiger"}
        (told,) = backend.tables()
        assert (told["name"], told["rows"], told["owner"]) == ("mine", 2, f"{process.self_()} keeper")
        assert backend.rows("mine") == [["'password'", "***"], ["'row'", "{'password': ***}"]]
        assert backend.rows("none") == []

    run(body)


def test_all_of_one_process_and_why_it_may_not_be_killed() -> None:
    async def body() -> None:
        await family()
        told = await backend.info("a")
        assert told is not None
        assert told["kept"] == ""
        held = await backend.info("top")
        assert held is not None
        assert held["kept"].startswith("refused: top is the top supervisor")
        assert await backend.info("nobody") is None
        assert json.dumps(told)

    run(body)
