"""test_pids — words for processes.

Way:  otp.observer.pids
"""

from __future__ import annotations

from otp.erts import process
from otp.erts.pid import Pid
from otp.observer import pids, plugin
from otp.stdlib import supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run
from tests.support.scripted_children import Script, start, worker
from tests.support.scripted_children import pids as children_of


async def wait() -> None:
    await process.receive()


def test_a_pid_is_read_as_it_is_written() -> None:
    async def body() -> None:
        pid = process.spawn(wait, name="waiter")
        assert pids.pid_of(str(pid)) is pid
        assert pids.pid_of(str(pid).strip("<>")) is pid
        assert pids.find(str(pid)) == pids.find("waiter") == [pid]
        assert pids.name_of(pid) == "waiter"
        process.exit_(pid, "kill")
        assert pids.find(str(pid)) == []
        assert pids.name_of(pid) == str(pid)
        assert pids.find("<elsewhere.1.1>") == []
        assert pids.find("nobody") == []

    run(body)


def test_a_child_is_found_by_its_id() -> None:
    async def body() -> None:
        top = await start(SupFlags(), [worker(Script(), "mod_x@localhost")])
        assert pids.find("mod_x@localhost") == await children_of(top)
        await supervisor.terminate_child(top, "mod_x@localhost")
        assert pids.find("mod_x@localhost") == []

    run(body)


def test_words_that_are_no_pids() -> None:
    assert pids.pid_of("router") is None
    assert pids.node_of("router") is None
    assert pids.node_of(None) is None
    assert pids.node_of("<w2.1.7>") == "w2"


class Shop(plugin.Plugin):
    """Calls one process an order."""

    def __init__(self, pid: Pid) -> None:
        self.pid = pid

    def name(self, pid: Pid) -> str | None:
        return "order 7" if pid is self.pid else None

    def find(self, word: str, again: bool = False) -> list[Pid]:
        return [self.pid] if word == "order 7" and not again else []


def test_the_plugin_knows_better_names_and_words_of_its_own() -> None:
    async def body() -> None:
        pid = process.spawn(wait)
        plugin.install(Shop(pid))
        assert pids.name_of(pid) == "order 7"
        assert pids.name_of(process.self_()) != "order 7"
        assert pids.find("order 7") == [pid]
        assert pids.find("order 7", again=True) == []
        assert pids.find("order 8") == []
        process.exit_(pid, "kill")
        assert pids.find("order 7") == []

    run(body)
