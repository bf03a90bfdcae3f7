"""test_server — a program is asked at a socket of its own, and only with what it understands.

Way:  otp.observer.server
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import StartError
from otp.observer import client, server
from otp.observer.errors import ObserverError
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run
from tests.support.scripted_children import Any_


def test_it_answers_and_leaves_no_socket_behind(tmp_path: Path) -> None:
    path = tmp_path / "s"

    async def body() -> None:
        pid = await server.start_link(str(path))
        told = await asyncio.to_thread(client.ask, path, "observe", {"what": "system"})
        assert told["test"]["processes"] >= 2
        with pytest.raises(ObserverError, match="did you mean 'tree'"):
            await asyncio.to_thread(client.ask, path, "tre", {})
        with pytest.raises(ObserverError, match="unexpected keyword"):
            await asyncio.to_thread(client.ask, path, "tree", {"udner": "x"})
        await gen_server.stop(pid)

    run(body)
    assert not path.exists()


def test_it_is_a_child_that_is_started_again(tmp_path: Path) -> None:
    path = tmp_path / "s"

    async def body() -> Any:
        await supervisor.start_link(Any_, (SupFlags(), [server.spec(path)]), name="top")
        first = process.whereis(server.NAME)
        assert first is not None
        monitor = process.monitor(first)
        process.exit_(first, "kill")
        await process.receive(lambda m: getattr(m, "ref", None) is monitor)
        while process.whereis(server.NAME) is None:
            await process.sleep(0.01)
        return await asyncio.to_thread(client.ask, path, "tree", {})

    (root,) = run(body)["test"]
    assert (root["id"], root["children"][0]["restarts"]) == ("top", 1)


def test_two_programs_do_not_share_a_socket(tmp_path: Path) -> None:
    async def body() -> None:
        await server.start_link(tmp_path / "s")
        process.trap_exit()
        process.unregister(server.NAME)
        with pytest.raises(StartError):
            await server.start_link(tmp_path / "s")

    run(body)


@pytest.mark.parametrize("line", [b"x", b"[]", b'{"command": null, "params": 7}', b"{}"])
def test_what_is_no_request_is_told_so(line: bytes) -> None:
    async def body() -> Any:
        return await server.answer_to(line)

    assert run(body) == {"error": "not a request"}


def test_a_command_that_fails_costs_its_answer_only() -> None:
    async def body() -> list[Any]:
        asked = [("observe", {"what": "weather"}), ("top", {"limit": "many"}), ("observe", {"what": "load"})]
        return [await server.answer_to(json.dumps({"command": c, "params": p}).encode()) for c, p in asked]

    unknown, broken, load = run(body)
    assert "none of system" in unknown["error"]
    assert broken["error"].startswith("ValueError: ")
    assert load["ok"]["test"]["memory"] > 0
