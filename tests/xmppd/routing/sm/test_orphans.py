"""Nobody overtakes a session that is between two processes."""

from __future__ import annotations

from otp.erts import process
from otp.erts.pid import intern
from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.routing.deliver import Deliver
from xmppd.routing.session import Session, new_session
from xmppd.routing.sm import lost_sessions, orphans, sm
from xmppd.routing.sm.orphans import ADOPTER, ORPHANED, Orphaned
from xmppd.routing.sm.suspected_nodes import REROUTING

JULIET = JID.parse("juliet@localhost/j")
GONE = Session(JULIET, intern("w9", 1, 1), (1, 1), stream_id="an id", priority=0)


async def _adopter(asked: list[object]) -> None:
    process.register(ADOPTER, process.self_())
    while True:
        asked.append(await process.receive())


def test_senders_wait_until_it_is_back_and_nobody_hears_of_its_loss() -> None:
    async def body(core: CoreServer) -> None:
        asked: list[object] = []
        process.spawn(_adopter, asked)
        await until(lambda: process.whereis(ADOPTER))
        romeo = await core.login("romeo@localhost/r")
        await core.account("juliet@localhost")
        lost_sessions.tell([GONE], "told")
        assert "juliet@localhost" in REROUTING
        sending = process.spawn(romeo.send, "<message to='juliet@localhost/j' type='chat'><body>hi</body></message>")
        await until(lambda: asked)
        assert isinstance(asked[0], Orphaned)
        got: list[object] = []

        async def again() -> None:
            session = new_session(JULIET, process.self_())
            session.change(stream_id="an id", priority=0)
            await sm.open_session(session)
            got.append(await process.receive())
            await process.receive(lambda _: False)  # a session that ends has what it got routed anew

        assert process.is_alive(sending)
        process.spawn(again)
        assert await process.receive(timeout=10) == "told"
        await until(lambda: got)
        assert isinstance(got[0], Deliver)
        assert "hi" in got[0].stanza.to_xml()
        assert "juliet@localhost" not in {**REROUTING, **ORPHANED}

    play(body)


def test_what_is_rerouted_meanwhile_goes_first() -> None:
    async def body() -> None:
        other = process.spawn(process.sleep, 60)
        waiter = process.spawn(process.sleep, 60)
        orphans.hold([GONE], waiter)
        REROUTING[GONE.bare] = other
        orphans.rerouted(GONE.bare)
        assert REROUTING[GONE.bare] is waiter
        ORPHANED.clear()
        orphans.rerouted(GONE.bare)
        assert GONE.bare not in REROUTING

    play(lambda _: body())


def test_without_an_adopter_or_an_id_nothing_is_waited_for() -> None:
    async def body() -> None:
        assert not orphans.may_return(GONE)
        process.register(ADOPTER, process.self_())
        assert orphans.may_return(GONE)
        assert not orphans.may_return(GONE._replace(stream_id=""))

    play(lambda _: body())
