"""What is written down of a session, and when."""

from __future__ import annotations

from pathlib import Path

from otp.erts import process
from otp.kernel import codec
from tests.support import node
from tests.support.crash import watched
from tests.support.sm_client import back, detached, enabled
from xmpp_core import ns
from xmppd.mods.stream_management import on_disk
from xmppd.mods.stream_management.journal_server import JOURNALS
from xmppd.mods.stream_management.saved_rows import SM_SESSION
from xmppd.routing.saved_session import SavedSession
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.testing.server import serve

ASK = f"<r xmlns='{ns.SM}'/>"


def journaled(id_: str) -> tuple[SavedSession, int]:
    """What another worker would make of it: the session, and how much of its client's is handled."""
    written = JOURNALS["localhost"].replay().sessions[id_]
    saved = SavedSession.decode(written.saved)
    return saved, saved.states["mod_stream_management"]["received"] if written.h_in is None else written.h_in


def test_a_count_is_in_the_journal_before_the_client_hears_it_with_what_it_changed(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_ = await enabled(server)
            alice.send(f"<presence><priority>5</priority></presence>{ASK}")
            await alice.expect("<a [^>]*h='1'/>")
            saved, h = journaled(id_)
            assert (saved.priority, h) == (5, 1)
            assert saved.states["mod_presence"]["last"] is not None
            with watched() as passed:
                alice.send(f"<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>{ASK}")
                await alice.expect("<a [^>]*h='2'/>")
            assert passed.index("sm.after_count") < passed.index("sm.before_ack")

    node.run(body)


def test_what_changes_between_two_acknowledgements_is_written_soon(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_ = await enabled(server)
            alice.send("<presence/><presence to='stranger@localhost/x'/>")
            await server.settle()
            await server.clock.advance(1)
            await server.settle()
            saved, _ = journaled(id_)
            assert saved.states["mod_presence"]["directed"] == ["stranger@localhost/x"]

    node.run(body)


def test_it_has_a_row_while_it_waits_and_nothing_when_it_is_over(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_ = await enabled(server)
            assert await store.select(SM_SESSION) == []
            alice.drop()
            await detached()
            await server.settle()
            [row] = await store.select(SM_SESSION)
            assert row.id == id_
            assert type(codec.decode(row.saved)) is SavedSession
            alice = await back(server, id_, 0)
            await alice.expect("<resumed ")
            assert await store.select(SM_SESSION) == []
            assert on_disk.is_in_hand(id_)
            await alice.close()
            await node.until(lambda: not sm.sessions("alice@localhost"))
            await server.settle()
            assert id_ not in JOURNALS["localhost"].replay().sessions
            assert not on_disk.is_in_hand(id_)

    node.run(body)


def test_a_session_in_the_hand_of_a_dead_process_is_in_nobodys() -> None:
    async def body() -> None:
        dead = process.spawn(process.sleep, 0)
        await node.until(lambda: not process.is_alive(dead))
        on_disk.IN_HAND["x"] = dead
        assert not on_disk.is_in_hand("x")
        on_disk.forget_dead()
        assert on_disk.IN_HAND == {}

    node.run(body)
