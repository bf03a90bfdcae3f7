"""A session whose process is gone goes on in another one."""

from __future__ import annotations

import pytest

from otp.erts import exits, process
from tests.support import mod_keeper, node
from tests.xmppd.stream.test_c2s_moves import back, heard_of_no_end, message, played, row
from xmppd.routing.session_moves import save
from xmppd.routing.sm import sm
from xmppd.routing.sm.orphans import ADOPTER, ORPHANED
from xmppd.routing.sm.suspected_nodes import REROUTING


@pytest.fixture(autouse=True)
def _empty() -> None:
    mod_keeper.DISK.clear()


def test_a_killed_process_costs_its_session_nothing_that_was_kept() -> None:
    async def body() -> None:
        async with played() as (server, _alice, bob):
            old = row()
            session = sm.session_of(old.pid)
            assert session is not None
            mod_keeper.DISK["x"] = await save(session)
            process.exit_(old.pid, exits.KILL)
            bob.send(message("to whom"))
            await node.until(lambda: [s.pid for s in sm.sessions("alice@localhost")] not in ([], [old.pid]))
            assert (row().attached, row().priority, row().stream_id) == (False, 0, "x")
            bob.send(message("while away"))
            await server.settle()
            again = await back(server, here="1")
            got = await again.expect("<resumed .*while away")
            assert "to whom" in got
            await heard_of_no_end(server, bob)
            await node.until(lambda: not ORPHANED and not REROUTING)
            await again.close()
            await bob.expect("<presence [^>]*type='unavailable'")

    node.run(body)


def test_a_bug_in_its_process_ends_the_stream_and_not_the_session(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            old = row()
            process.exit_(old.pid, exits.Crash("ValueError", "a bug"))
            assert "<internal-server-error" in await alice.gone()
            await node.until(lambda: [s.pid for s in sm.sessions("alice@localhost")] not in ([], [old.pid]))
            again = await back(server, here="1")
            await again.expect("<resumed ")
            await heard_of_no_end(server, bob)

    node.run(body)


def test_what_nobody_kept_is_lost_and_contacts_hear_of_it() -> None:
    async def body() -> None:
        async with played() as (server, _, bob):
            process.exit_(row().pid, exits.KILL)
            await node.until(lambda: "alice@localhost" in ORPHANED)
            await server.clock.advance(3)
            await bob.expect("<presence [^>]*type='unavailable'")
            assert not ORPHANED
            assert not REROUTING

    node.run(body)


def test_an_adopter_that_is_killed_is_followed_by_one_that_begins_again() -> None:
    async def body() -> None:
        async with played() as (server, _alice, _bob):
            old = row()
            session = sm.session_of(old.pid)
            assert session is not None
            mod_keeper.DISK["x"] = await save(session)
            adopter = process.whereis(ADOPTER)
            assert adopter is not None
            process.exit_(adopter, exits.KILL)
            process.exit_(old.pid, exits.KILL)
            await node.until(lambda: [s.pid for s in sm.sessions("alice@localhost")] not in ([], [old.pid]))
            again = await back(server, here="1")
            await again.expect("<resumed ")

    node.run(body)
