"""Sessions: opened, changed, replaced, lost, and a manager that crashes."""

from __future__ import annotations

from otp.erts import exits, process
from otp.stdlib import gen_server
from tests.support.core_server import CoreServer, crash, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.routing.deliver import Kick, Replaced
from xmppd.routing.session import new_session
from xmppd.routing.sm import session_table, sm


def test_a_session_shows_what_its_client_said() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r", presence=None, roster=False)
        (row,) = sm.sessions("romeo@localhost")
        assert (row.pid, row.priority, row.interested, row.available) == (romeo.pid, None, False, False)
        await romeo.send("<presence><priority>7</priority></presence>")
        await romeo.ask("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
        (row,) = sm.sessions("romeo@localhost")
        assert (row.priority, row.interested) == (7, True)
        assert sm.available("romeo@localhost") == sm.interested("romeo@localhost") == sm.all_sessions() == [row]
        await romeo.close()
        assert sm.sessions("romeo@localhost") == ()
        assert session_table.OWN == {}

    play(body)


def test_the_newest_session_wins() -> None:
    async def body(core: CoreServer) -> None:
        old = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j")
        await core.friends(old, juliet)
        new = await core.login("romeo@localhost/r")
        assert isinstance(old.ended, Replaced)
        assert [s.pid for s in sm.sessions("romeo@localhost")] == [new.pid]
        texts = [t for t in juliet.take() if "<presence" in t and "from='romeo@localhost/r'" in t]
        assert "type='unavailable'" in texts[0], "the old one's goodbye comes before the new one's hello"
        assert "type=" not in texts[1]

    play(body)


def test_an_account_has_so_many_sessions_and_the_oldest_gives_way() -> None:
    async def body(core: CoreServer) -> None:
        clients = [await core.login(f"romeo@localhost/{i}", roster=False) for i in range(11)]
        await until(lambda: isinstance(clients[0].ended, Kick))
        assert [c.ended for c in clients[1:]] == [None] * 10

    play(body)


def test_of_sessions_that_come_at_once_the_newest_stay_however_long_the_others_take_to_go() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("romeo@localhost")
        kicked: list[str] = []
        pids = [process.spawn(_slow_to_go, JID.parse(f"romeo@localhost/{i}"), kicked) for i in range(60)]
        await until(lambda: len(kicked) == 50)
        late = [JID.parse(f"romeo@localhost/{i}") for i in range(60, 63)]  # while those still stand in the table
        pids += [process.spawn(_slow_to_go, jid, kicked) for jid in late]
        await until(lambda: len(kicked) == 53)
        assert len(sm.sessions("romeo@localhost")) == 63
        for pid in pids:
            process.send(pid, "go")
        await until(lambda: len(sm.sessions("romeo@localhost")) == 10)
        assert sorted(kicked, key=int) == [str(number) for number in range(53)]
        for session in sm.sessions("romeo@localhost"):
            process.send(session.pid, "end")

    play(body)


async def _slow_to_go(jid: JID, kicked: list[str]) -> None:
    session = new_session(jid, process.self_())
    await sm.open_session(session)
    await process.receive(lambda message: isinstance(message, Kick) or message == "end")
    if len(kicked) < 53:
        kicked.append(jid.resource)
        await process.receive(lambda message: message == "go")
    await sm.close_session(session)


def test_a_clock_that_was_set_back_locks_nobody_out_of_a_resource() -> None:
    async def body(core: CoreServer) -> None:
        old = await core.login("romeo@localhost/r")
        assert old.session is not None
        tomorrow = old.session.entry._replace(sid=(old.session.entry.sid[0] + 86_400 * 10**9, 0))
        old.session.entry = tomorrow  # as it would be if it had been bound before the clock was set back a day
        await gen_server.call("sm", session_table.RegisterSession(tomorrow))
        new = await core.login("romeo@localhost/r")
        assert isinstance(old.ended, Replaced)
        assert [s.pid for s in sm.sessions("romeo@localhost")] == [new.pid]

    play(body)


def test_a_session_manager_that_crashes_drops_no_session() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        before = sm.all_sessions()
        old = process.whereis("sm")
        assert old is not None
        process.exit_(old, exits.KILL)
        await romeo.send("<message to='juliet@localhost' type='chat'><body>still here?</body></message>")
        await core.settle()
        assert "still here?" in juliet.take()[0]
        assert sm.all_sessions() == before
        await crash("sm")
        await juliet.send("<presence type='unavailable'/>")
        assert sm.sessions("juliet@localhost")[0].priority is None
        process.exit_(romeo.pid, exits.KILL)
        await until(lambda: sm.sessions("romeo@localhost") == ())

    play(body)
