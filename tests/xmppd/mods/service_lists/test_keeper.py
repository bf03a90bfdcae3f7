"""test_keeper — a list that is changed on one worker is known on all.

Way:  xmppd.mods.service_lists.keeper
"""

from __future__ import annotations

from otp.erts import process
from otp.kernel import pg
from xmppd.mods.service_lists import keeper
from xmppd.mods.service_lists.rules import NONE
from xmppd.store import store
from xmppd.testing.thread import serve_in_thread


def test_what_is_written_is_known_at_once_and_forgotten_with_the_module() -> None:
    with serve_in_thread() as server:
        server.run(keeper.replace, "localhost", "blocked", ["a.example"])
        assert keeper.of_host("localhost").blocked == {"a.example"}
        assert keeper.of_host("elsewhere") == NONE
    assert keeper.of_host("localhost") == NONE


def test_a_keeper_is_told_by_another_worker() -> None:
    async def written_elsewhere() -> None:
        row = keeper.ListedJid("localhost", "allowed", "b.example")
        await store.transaction(lambda tx: tx.write(row))
        (pid,) = pg.get_members(keeper.name("localhost"))
        process.send(pid, keeper.ListsChanged())

    with serve_in_thread() as server:
        server.run(written_elsewhere)
        server.settle()
        assert keeper.of_host("localhost").allowed == {"b.example"}
