"""Handlers by owner."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.stdlib import gen_server
from tests.support import node
from xmppd.routing import handler_table
from xmppd.routing.handler_table import HandlerEntry, HandlerTable, Reregister


def entry(seq: int, owner: str = "o") -> HandlerEntry:
    return HandlerEntry("key", seq, owner, lambda: seq)


async def start() -> None:
    await gen_server.start_link(HandlerTable, "table", name="table")


def seqs() -> list[int] | None:
    found = handler_table.chain("table", "key")
    return None if found is None else [e.seq for e in found]


def test_an_owner_that_registers_again_replaces_what_it_had() -> None:
    async def body() -> None:
        assert seqs() is None
        await start()
        assert seqs() == []
        await handler_table.register("table", "a", (entry(9, "a"), entry(3, "a")))
        await handler_table.register("table", "b", (entry(5, "b"),))
        assert seqs() == [3, 5, 9]
        assert handler_table.keys("table") == ["key"]
        await handler_table.register("table", "a", (entry(7, "a"),))
        assert seqs() == [5, 7]
        await handler_table.register("table", "a", ())
        await handler_table.register("table", "b", ())
        assert seqs() == []
        assert handler_table.keys("table") == []

    node.run(body)


def test_a_new_table_is_not_read_before_the_owners_that_live_have_registered() -> None:
    async def body() -> None:
        asked: list[Any] = []

        async def owner() -> None:
            while True:
                asked.append(await process.receive())

        process.spawn(owner, name="mod_slow@h")
        await start()
        await process.sleep(0)
        assert [message.request for message in asked] == [Reregister("table")]
        assert seqs() is None
        handler_table.register_again("table", "mod_slow@h", (entry(1, "mod_slow@h"),))
        assert [e.seq for e in await handler_table.wait_chain("table", "key")] == [1]

    node.run(body)


def test_an_owner_that_dies_is_not_waited_for() -> None:
    async def body() -> None:
        pid = process.spawn(process.receive, name="mod_dying@h")
        await start()
        process.exit_(pid, "kill")
        assert await handler_table.wait_chain("table", "key") == ()
        with pytest.raises(LookupError):
            handler_table.keys("no such table")

    node.run(body)
