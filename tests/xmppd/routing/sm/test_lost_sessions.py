"""Who speaks for those who are gone."""

from otp.erts import process
from otp.erts.pid import intern
from tests.support.core_server import CoreServer, config_of, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.routing import hooks
from xmppd.routing.hook_points import SessionLostHook
from xmppd.routing.session import Session
from xmppd.routing.sm import lost_sessions


def test_modules_are_told_in_a_process_of_its_own() -> None:
    async def body(core: CoreServer) -> None:
        heard: list[object] = []
        await hooks.add("localhost", SessionLostHook, lambda point: heard.append((point.session, process.self_())))
        session = Session(JID.parse("romeo@localhost/r"), intern("w9", 1, 1), (1, 1))
        lost_sessions.tell([session], "told")
        lost_sessions.tell([])
        lost_sessions.tell([], "nobody")
        await until(lambda: heard)
        ((told, where),) = heard  # type: ignore[misc]
        assert told is session
        assert where is not process.self_()
        assert {await process.receive(timeout=5) for _ in range(2)} == {"told", "nobody"}

    play(body, config_of(()))
