"""test_observe — what the observer's tabs show.

Way:  xmppd.ctl.look.observe
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from otp.kernel import stall
from otp.stdlib import ets
from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.ctl.commands import CommandError
from xmppd.ctl.look import nodes, observe


class Parent:
    workers = ()


def test_the_system_and_its_load_are_plain_data() -> None:
    async def body() -> None:
        told = observe.system()
        assert told["node"].startswith("test ")
        assert told["supervisors"] >= 5
        assert told["tables"] >= 3
        load = observe.load()
        assert load["memory"] > 1_000_000
        assert load["runs"] >= 0
        assert json.dumps([told, load])

    beside_server(body)


def test_when_it_began() -> None:
    assert 0 <= time.time() - observe.started() < 24 * 3600


def test_the_last_alarm_is_told() -> None:
    stall.ALARMS.append(stall.Alarm(0.0, 3.5, "<w1.1.7> sm", "stack"))

    async def body() -> str:
        return str(observe.system()["last alarm"])

    assert run(body).startswith("3.5 s in <w1.1.7> sm, ")
    stall.ALARMS.clear()


def test_tables_and_their_rows_without_secrets() -> None:
    async def body() -> None:
        by_name = {table["name"]: table for table in observe.tables()}
        assert by_name["routes"]["rows"] == 2
        assert by_name["routes"]["owner"].endswith(" router")
        assert observe.rows("routes") == [["'localhost'", "True"], ["'other.example'", "True"]]
        assert observe.rows("none") == []
        table = ets.new("mine")
        table["password"] = "tiger"
        table["row"] = {"password": "tiger"}
        assert observe.rows("mine") == [["'password'", "***"], ["'row'", "{'password': ***}"]]

    beside_server(body)


def test_the_command_asks_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "state", Parent)

    async def body() -> None:
        answer: dict[str, Any] = await observe.observe("load", None, None)
        assert list(answer) == ["main"]
        assert await observe.observe("rows", "none", "main") == {"main": []}
        for what, name, words in (("weather", None, "none of system"), ("rows", None, "which table")):
            with pytest.raises(CommandError, match=words):
                await observe.observe(what, name, None)

    run(body)
