"""As memory runs out: nobody new, the slowest readers go, the worker ends; and back when there is some again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process
from tests.support import node
from xmppd import limits_hit
from xmppd.routing.sm import sm
from xmppd.stream import memory_watch
from xmppd.stream.memory_watch import BELOW, DROP, HOLD, RESTART, MemoryStage, stage_of
from xmppd.testing.server import serve

LIMIT = 100 << 20


@given(st.lists(st.floats(0, 1.2), max_size=30))
def test_a_stage_begins_at_its_mark_and_ends_below_it(parts: list[float]) -> None:
    stage = MemoryStage.FREE
    for part in parts:
        before, stage = stage, stage_of(part, stage)
        plain = stage_of(part, MemoryStage.FREE)
        assert stage >= plain
        if stage > plain:
            assert stage == before
            assert part >= (HOLD, DROP, RESTART)[stage - 1] - BELOW


def test_stages() -> None:
    assert [stage_of(part, MemoryStage.FREE) for part in (0.69, 0.7, 0.8, 0.9)] == list(MemoryStage)
    assert stage_of(0.66, MemoryStage.HOLD) == MemoryStage.HOLD
    assert stage_of(0.64, MemoryStage.HOLD) == MemoryStage.FREE


def state_here() -> Any:
    pid = process.whereis(memory_watch.NAME)
    assert pid is not None
    return pid.target.state  # type: ignore[union-attr]


def test_from_hold_to_restart_and_the_slowest_reader_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_watch, "PERIOD", 0.02)
    used: list[float] = [0.5]
    ends: list[tuple[Any, ...]] = []

    async def body() -> None:
        async with serve(limits={"rate": None}) as server:
            state = state_here()
            held = state.connections
            state.resident, state.limit, state.end = lambda: int(used[0] * LIMIT), LIMIT, lambda *why: ends.append(why)
            slow, sender = await server.client("slow"), await server.client("sender")
            slow.transport.pause_reading()
            slowly = next(sm.session_of(one.pid) for one in sm.all_sessions() if one.jid.full == slow.jid)
            while not slowly.stream.connection.congested:  # type: ignore[union-attr]
                for _ in range(10):
                    sender.send(f"<message to='{slow.jid}' type='headline'><body>{'x' * 20_000}</body></message>")
                await sender.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            used[0] = 0.72
            await node.until(lambda: held.held)
            assert len(sm.all_sessions()) == 2
            dropped = limits_hit.MEMORY_DROPPED.n
            used[0] = 0.82
            await node.until(lambda: [one.jid.local for one in sm.all_sessions()] == ["sender"])
            assert limits_hit.MEMORY_DROPPED.n == dropped + 1
            assert ends == []
            used[0] = 0.6
            await node.until(lambda: not held.held)
            used[0] = 0.95
            await node.until(lambda: ends)
            await asyncio.sleep(0.1)
            assert [status for _why, status in ends] == [memory_watch.STATUS]

    asyncio.run(body())
