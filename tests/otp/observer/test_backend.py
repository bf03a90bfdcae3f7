"""test_observe — what the observer's tabs show.

Way:  xmppd.ctl.look.observe
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import stall
from otp.stdlib import ets
from tests.support.admin import beside_server
from tests.support.node import run
from xmpp_core import ns
from xmpp_core.element import el
from xmppd.commands import CommandError
from xmppd.ctl.look import nodes, observe
from xmppd.net.connection import Batch


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


def test_all_of_one_process_by_its_name_and_why_it_may_not_be_broken() -> None:
    async def body() -> None:
        told = await observe.info("router")
        assert told is not None
        assert told["registered name"] == "router"
        assert told["kept"].startswith("refused: this is a production node")
        assert await observe.info("nobody") is None
        assert json.dumps(told)

    beside_server(body)


def test_a_stanza_in_a_mailbox_is_told_without_its_secrets() -> None:
    async def main() -> None:
        pid = process.spawn(process.sleep, 30.0)
        await process.sleep(0.01)
        auth = el("auth", ns.SASL, {"mechanism": "PLAIN"}, "AHJvbWVvAHNlY3JldA==")
        process.send(pid, Batch([auth], 60, 1))
        told = await observe.info(str(pid))
        assert told is not None
        assert "PLAIN" in told["messages"][0]
        assert "AHJvbWVv" not in str(told)

    run(main)


def test_the_command_asks_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "state", Parent)

    async def body() -> None:
        answer: dict[str, Any] = await observe.observe("load", None, None)
        assert list(answer) == ["main"]
        assert await observe.observe("rows", "none", "main") == {"main": []}
        for what, name, words in (
            ("weather", None, "none of system"),
            ("rows", None, "which table"),
            ("info", None, "which process"),
        ):
            with pytest.raises(CommandError, match=words):
                await observe.observe(what, name, None)

    run(body)
