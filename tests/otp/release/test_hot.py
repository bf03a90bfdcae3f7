"""hot — one module of a running node loaded anew under its processes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import code
from otp.kernel.code import LoadError
from otp.release import hot
from otp.stdlib import gen_server, introspect, supervisor
from tests.support.node import run

NAME = "module_of_test_hot"
TEXT = """
from dataclasses import dataclass
from otp.erts import process
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor
@dataclass(frozen=True)
class State:
    count: int = 0
{more}
class Server(GenServer):
    def init(self):
        return State()
    async def handle_call(self, request, from_, state):
        if request == "wait":
            await process.receive(lambda m: m == "go")
        return Reply(({vsn}, state.count), State(state.count + 1))
{method}
class Sup(Supervisor):
    def init(self):
        return SupFlags(), []
"""
CHANGE = """
    def code_change(self, old_vsn, state, extra):
        return State(state.count + 100)
"""


class Source:
    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, vsn: int, more: str = "", method: str = "") -> None:
        self.file.write_text(TEXT.format(vsn=vsn, more=more, method=method))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Source(tmp_path / f"{NAME}.py")
    made.write(1)
    yield made
    sys.modules.pop(NAME, None)
    code._old.clear()
    code._read.clear()


def module() -> Any:
    return importlib.import_module(NAME)


def test_processes_live_on_with_state_and_mailbox_in_the_new_version(source: Source) -> None:
    async def body() -> None:
        servers = [await gen_server.start_link(module().Server) for _ in range(3)]
        sup = await supervisor.start_link(module().Sup)
        assert [await gen_server.call(pid, "next") for pid in servers] == [(1, 0)] * 3
        for vsn in (2, 3):
            source.write(vsn)
            assert await hot.reload(NAME) == hot.Reloaded(3, 1, 0)
            assert [await gen_server.call(pid, "next") for pid in servers] == [(vsn, vsn - 1)] * 3
        assert all(type(pid.target.module) is module().Server for pid in servers)
        assert await supervisor.get_callback_module(sup) is module().Sup
        source.write(4, method=CHANGE)
        await hot.reload(NAME)
        assert await gen_server.call(servers[0], "next") == (4, 103)

    run(body)


def test_a_version_that_cannot_be_loaded_changes_nothing(source: Source) -> None:
    async def body() -> None:
        server = await gen_server.start_link(module().Server)

        def refuse() -> None:
            raise LoadError(NAME, "refused", "by the caller")

        for more, reason in (("def f(:", "badfile"), ("1 / 0", "badfile"), ("import no_such", "nofile")):
            source.write(2, more=more)
            with pytest.raises(LoadError) as bad:
                await hot.reload(NAME)
            assert bad.value.reason == reason
        source.write(2)
        with pytest.raises(LoadError, match="by the caller"):
            await hot.reload(NAME, accept=refuse)
        source.write(2, more="    more: int = 0")
        with pytest.raises(LoadError, match="incompatible: State"):
            await hot.reload(NAME)
        assert await gen_server.call(server, "next") == (1, 0)
        assert not (await introspect.get_status(server))["suspended"]
        with pytest.raises(LoadError, match="not loaded"):
            await hot.reload("no_such_module")
        await hot.reload(NAME, apart=["State"])
        assert await gen_server.call(server, "next") == (2, 1)

    run(body)


def test_who_is_busy_is_not_waited_for_and_not_killed(source: Source) -> None:
    async def body() -> None:
        server = await gen_server.start_link(module().Server)
        answers: list[object] = []

        async def ask() -> None:
            answers.append(await gen_server.call(server, "wait"))

        process.spawn(ask)
        await process.sleep(0.01)
        source.write(2)
        assert await hot.reload(NAME, patience=0.02) == hot.Reloaded(1, 0, 1)
        process.send(server, "go")
        assert await gen_server.call(server, "next") == (2, 1)
        assert answers == [(1, 0)]  # begun in the version before

    run(body)


def test_who_is_busy_and_has_a_code_change_stops_it_all(source: Source) -> None:
    source.write(1, method=CHANGE)

    async def body() -> None:
        server = await gen_server.start_link(module().Server)
        process.spawn(lambda: gen_server.call(server, "wait"))
        await process.sleep(0.01)
        source.write(2, method=CHANGE)
        with pytest.raises(LoadError, match="busy"):
            await hot.reload(NAME, patience=0.02)
        process.send(server, "go")
        assert await gen_server.call(server, "next") == (1, 1)

    run(body)


def test_a_code_change_that_raises_leaves_the_state(source: Source) -> None:
    async def body() -> None:
        server = await gen_server.start_link(module().Server)
        source.write(2, method=CHANGE.replace("return", "raise ValueError('no') #"))
        report = await hot.reload(NAME)
        assert report.changed == 0
        assert "no" in report.failed[0]
        assert await gen_server.call(server, "next") == (2, 0)

    run(body)
