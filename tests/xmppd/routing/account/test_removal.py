"""The end of an account."""

from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.mods.roster.tables import ROSTER
from xmppd.routing.account import removal
from xmppd.store import store


def test_contacts_are_told_data_goes_sessions_end() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        assert await removal.remove(JID.parse("romeo@localhost"))
        await until(lambda: romeo.ended == removal.GONE)
        await juliet.settle()
        kinds = [s.type for s in juliet.got if s.kind == "presence"]
        assert kinds.index("unavailable") < kinds.index("unsubscribed")
        assert await store.select(ROSTER, ("localhost", "romeo")) == []
        assert not await removal.remove(JID.parse("romeo@localhost"))

    play(body)
