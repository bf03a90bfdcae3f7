"""Who speaks for those who are gone."""

from collections import Counter

from otp.erts import process
from otp.erts.pid import intern
from tests.support.core_server import CoreServer, config_of, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.routing import hooks
from xmppd.routing.hook_points import SessionLost
from xmppd.routing.session import Session
from xmppd.routing.sm import lost_sessions


def test_one_node_for_each_and_a_fair_share_for_all() -> None:
    keys = [f"user{i}@localhost/r" for i in range(3000)]
    shares = Counter(lost_sessions.responsible(key, ["w1", "w2", "w3"]) for key in keys)
    assert set(shares) == {"w1", "w2", "w3"}
    assert min(shares.values()) > 700
    for key in keys:
        before, after = lost_sessions.responsible(key, ["w1", "w2", "w3"]), lost_sessions.responsible(key, ["w3", "w1"])
        assert before in ("w2", after), "only the share of the one that went is given to others"


def test_modules_are_told_in_a_process_of_its_own() -> None:
    async def body(core: CoreServer) -> None:
        heard: list[object] = []
        await hooks.add("localhost", SessionLost, lambda point: heard.append((point.session, process.self_())))
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
