"""A session is made a value and a session again."""

from __future__ import annotations

from otp.erts.pid import intern
from tests.support.core_server import CoreServer, config_of, play
from xmpp_core.jid import JID
from xmppd.routing import hooks
from xmppd.routing.moving_hook_points import SessionSavedHook
from xmppd.routing.saved_session import SavedSession
from xmppd.routing.session import new_session
from xmppd.routing.session_moves import reopened, save

HERE, THERE = intern("w1", 1, 1), intern("w2", 1, 1)


def test_what_was_known_of_it_is_known_again() -> None:
    async def body(_: CoreServer) -> None:
        await hooks.add("localhost", SessionSavedHook, lambda states, point: states | {"m": point.whole})
        old = new_session(JID.parse("juliet@localhost/j"), HERE, lang="it", info={"ip": "::1"}, safe=False)
        old.change(priority=5, interested=True, published=(("copies", True),), client="phone", stream_id="an id")
        old.latest_version("subscription romeo@localhost", 7)
        saved = SavedSession.decode((await save(old, whole=False)).encode())
        assert saved.states["m"] is False
        new = reopened(saved, THERE, attached=False)
        assert new.entry == old.entry._replace(pid=THERE, node=new.entry.node, sid=new.entry.sid, attached=False)
        assert new.entry.sid > old.entry.sid
        assert new.entry.node.startswith("w2@")
        assert (new.lang, new.safe) == ("it", False)
        assert not new.is_newer("subscription romeo@localhost", 6)
        elsewhere = reopened(saved, THERE, {"ip": "::2"})
        assert (dict(elsewhere.entry.info), elsewhere.entry.attached) == ({"ip": "::2"}, True)

    play(body, config_of(()))


def test_whoever_saves_hears_of_each_change_of_the_row() -> None:
    heard: list[int] = []
    session = new_session(JID.parse("juliet@localhost/j"), HERE)
    session.change(priority=1)
    session.on_touched = lambda: heard.append(1)
    session.change(priority=2)
    session.touched()
    assert len(heard) == 2
