"""Flags on accounts: who came first, and who is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import exits, process
from otp.erts.pid import Pid
from tests.support import core_cluster, node
from tests.support.core_cluster import CoreCluster, call
from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmppd.routing.sm import flags, sm

BARE = "juliet@localhost"


async def sleeper() -> None:
    await process.receive()


def spawned(count: int) -> list[Pid]:
    return [process.spawn(sleeper) for _ in range(count)]


@given(st.permutations(range(5)), st.integers(0, 4))
def test_the_lowest_ticket_is_first_in_whatever_order_they_are_heard_of(order: list[int], gone: int) -> None:
    async def body() -> None:
        flags.clear()
        pids = spawned(5)
        for n in order:
            flags.set_flag("fetching", BARE, pids[n], 100 + n)
        assert [flags.is_first(BARE, pid) for pid in pids] == [True, False, False, False, False]
        flags.clear_flag("fetching", BARE, pids[0])
        assert flags.is_first(BARE, pids[1])
        flags.clear_flag("fetching", BARE, pids[0])
        flags.clear_node(process.node())
        assert not flags.FETCHING
        assert flags.flags_of(pids[gone]) == []

    node.run(body)


def test_a_flag_that_is_set_again_keeps_its_ticket_and_later_ones_are_higher() -> None:
    async def body() -> None:
        flags.clear()
        one, two = spawned(2)
        first = flags.set_flag("fetching", BARE, one)
        assert flags.set_flag("fetching", BARE, two) > first
        assert flags.set_flag("fetching", BARE, one) == first
        assert {flag.pid for flag in flags.own_flags()} == {one, two}

    node.run(body)


def test_who_is_leaving_is_waited_for_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "GRACE", 0.05)

    async def body() -> None:
        flags.clear()
        (pid,) = spawned(1)
        flags.set_flag("leaving", BARE, pid)
        await flags.wait_until_none_leaves(BARE)
        assert BARE in flags.LEAVING, "a sender does not wait for a process that is stuck"
        flags.clear_flag("leaving", BARE, pid)
        await flags.wait_until_none_leaves(BARE)

    node.run(body)


def test_flags_go_with_their_process() -> None:
    async def body(core: CoreServer) -> None:
        juliet = await core.login("juliet@localhost/j")
        assert juliet.session is not None
        flags.set_flag("fetching", BARE, juliet.pid)
        flags.set_flag("leaving", BARE, juliet.pid)
        assert sm.receiver_of_stored(BARE) is juliet.pid
        process.exit_(juliet.pid, exits.KILL)
        await until(lambda: not flags.FETCHING and not flags.LEAVING)

    play(body)


def test_a_session_that_leaves_is_forgotten_on_every_node() -> None:
    async def body(cluster: CoreCluster) -> None:
        juliet = await cluster.client("w1", "juliet@localhost/j")
        await juliet.do("close")
        for name in ("w1", "w2"):
            for _ in range(100):
                if not await call(name, "flagged"):
                    break
                await process.sleep(0.02)
            assert await call(name, "flagged") == []

    core_cluster.run(body, "w1", "w2")
