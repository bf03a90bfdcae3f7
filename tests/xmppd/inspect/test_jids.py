"""test_jids — the processes behind a JID.

Way:  xmppd.ctl.look.jids
"""

from __future__ import annotations

from otp.erts import process
from tests.support.admin import beside_server
from xmpp_core.jid import JID
from xmppd.ctl.look import jids, pids
from xmppd.routing.session import new_session
from xmppd.routing.sm import sm


def test_an_account_has_its_sessions_and_a_session_its_jid() -> None:
    async def body() -> None:
        me = process.self_()
        await sm.open_session(new_session(JID.parse("romeo@localhost/a"), me))
        assert jids.streams("romeo@localhost") == jids.streams("romeo@localhost/a") == [me]
        assert jids.streams("romeo@localhost/b") == []
        assert jids.streams("juliet@localhost") == []
        assert jids.streams("@") == []
        assert pids.spoken(me) == "romeo@localhost/a"
        assert pids.here("romeo@localhost") == [me]
        jids.add()
        assert pids.FINDERS.count(jids.streams) == 1

    beside_server(body)
