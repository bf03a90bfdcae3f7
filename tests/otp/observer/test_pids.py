"""test_pids — words for processes.

Way:  xmppd.ctl.look.pids
"""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run
from tests.support.scripted_children import Script, start, worker
from tests.support.scripted_children import pids as children_of
from xmppd.ctl.look import pids


async def wait() -> None:
    await process.receive()


def test_a_pid_is_read_as_it_is_written() -> None:
    async def body() -> None:
        pid = process.spawn(wait, name="waiter")
        assert pids.pid_of(str(pid)) is pid
        assert pids.pid_of(str(pid).strip("<>")) is pid
        assert pids.here(str(pid)) == pids.here("waiter") == [pid]
        assert pids.spoken(pid) == "waiter"
        process.exit_(pid, "kill")
        assert pids.here(str(pid)) == []
        assert pids.spoken(pid) == str(pid)
        assert pids.here("<elsewhere.1.1>") == []
        assert pids.here("nobody") == []

    run(body)


def test_a_child_is_found_by_its_id() -> None:
    async def body() -> None:
        top = await start(SupFlags(), [worker(Script(), "mod_x@localhost")])
        assert pids.here("mod_x@localhost") == await children_of(top)
        await supervisor.terminate_child(top, "mod_x@localhost")
        assert pids.here("mod_x@localhost") == []

    run(body)


def test_words_that_are_no_pids() -> None:
    assert pids.pid_of("router") is None
    assert pids.node_of("router") is None
    assert pids.node_of(None) is None
    assert pids.node_of("<w2.1.7>") == "w2"
    assert pids.is_jid("romeo@localhost")
    assert not pids.is_jid("router")


def test_others_know_better_names_and_who_is_behind_a_jid(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        pid = process.spawn(wait)

        def name(one: Pid) -> str | None:
            return "romeo@x/a" if one is pid else None

        monkeypatch.setattr(pids, "NAMERS", [name])
        monkeypatch.setattr(pids, "FINDERS", [lambda word: [pid] if word == "romeo@x" else []])
        assert pids.spoken(pid) == "romeo@x/a"
        assert pids.spoken(process.self_()) != "romeo@x/a"
        assert pids.here("romeo@x") == [pid]
        assert pids.here("juliet@x") == []

    run(body)
