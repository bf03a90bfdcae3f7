"""test_jids — the processes behind a JID.

Way:  xmppd.inspect.jids
"""

from __future__ import annotations

from otp.erts import process
from otp.observer import pids
from tests.support.admin import beside_server
from xmpp_core.jid import JID
from xmppd.inspect import jids, plugin
from xmppd.routing.session import new_session
from xmppd.routing.sm import sm


def test_an_account_has_its_sessions_and_a_session_its_jid() -> None:
    async def body() -> None:
        assert plugin.XmppdPlugin().name(process.self_()) is None
        me = process.self_()
        await sm.open_session(new_session(JID.parse("romeo@localhost/a"), me))
        assert jids.streams("romeo@localhost") == jids.streams("romeo@localhost/a") == [me]
        assert jids.streams("romeo@localhost/b") == []
        assert jids.streams("juliet@localhost") == []
        assert jids.streams("@") == []
        assert pids.name_of(me) == "romeo@localhost/a"
        assert pids.find("romeo@localhost") == [me]
        assert pids.find("romeo@localhost", again=True) == [me], "sessions come and go"

    beside_server(body)
