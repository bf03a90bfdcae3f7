"""What was handed over to a session that goes on in another process: deleted if the client has it, else once more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import exits, process
from tests.support import node
from tests.support.core_server import CoreServer, config_of, play
from tests.support.sm_client import back, enabled
from xmpp_core.jid import JID
from xmppd.mods.offline.spool import state_of, unheard
from xmppd.mods.offline.tables import OFFLINE
from xmppd.routing.session import new_session
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


async def handed_over(server: Server, *texts: str) -> tuple[Client, str, int]:
    """Alice, whom stored messages have been written to, the id of her stream, and how many stanzas she has got; nothing
    is acknowledged."""
    await server.account("alice")
    bob = await server.client("bob", "phone")
    for text in texts:
        bob.send(f"<message to='alice@localhost' type='chat'><body>{text}</body></message>")
    await server.settle()
    alice, id_ = await enabled(server)
    alice.send("<presence/>")
    await alice.expect(f"{texts[-1]}.*?</message>")
    await server.clock.advance(1)  # it is written down
    got = len(re.findall("<(?:message|presence|iq)[ >]", alice.seen[alice.seen.index("<enabled") :]))
    return alice, id_, got


async def killed_process() -> None:
    """The session's process is killed, and another has it."""
    [row] = sm.sessions("alice@localhost")
    process.exit_(row.pid, exits.KILL)
    await node.until(lambda: [s.pid for s in sm.sessions("alice@localhost")] not in ([], [row.pid]))


portions = st.lists(st.tuples(st.integers(0, 9), st.just((1,))), max_size=3)


@given(portions, portions, st.integers(1, 4))
def test_what_was_left_out_of_the_queue_once_is_never_said_to_be_in_it(
    written: list[tuple[int, tuple[int, ...]]], left_out: list[tuple[int, tuple[int, ...]]], moves: int
) -> None:
    """However often the session goes to another process; and what was in it stays there."""
    before = [(count, seqs, False) for count, seqs in left_out]

    async def body(_: CoreServer) -> None:
        session = new_session(JID.parse("juliet@localhost/j"), process.self_())
        state_of(session).portions, state_of(session).before = list(written), list(before)
        for _move in range(moves):
            saved = unheard(session)
            session = new_session(session.jid, process.self_())
            state_of(session).before = saved
        assert state_of(session).before == before + [(count, seqs, True) for count, seqs in written]

    play(body, config_of(()))


@pytest.mark.parametrize("has_it", [True, False])
def test_it_is_deleted_if_the_client_has_it_and_comes_again_if_not(tmp_path: Path, has_it: bool) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            _, id_, got = await handed_over(server, "one", "two")
            await killed_process()
            again = await back(server, id_, got if has_it else got - 2)
            await again.expect("<resumed ")
            if not has_it:
                await again.expect("one.*two")
            again.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            await again.expect("id='p'")
            await server.settle()
            assert again.seen.count("<body>one") == (not has_it)
            left = await store.count(OFFLINE)
            assert left == (0 if has_it else 2)

    node.run(body)
