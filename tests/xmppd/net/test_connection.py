"""The behaviour of connections, and who has it."""

import inspect

from tests.support import node
from xmppd.net.connection import DETACHED, Connection, Detached
from xmppd.net.tcp_connection import TcpConnection

WORDS = {name for name in (*vars(Connection), *Connection.__annotations__) if not name.startswith("_")}


def test_a_connection_over_tcp_knows_every_word_and_waits_where_it_may() -> None:
    assert {"open", "send", "close", "drop", "control", "peer"} <= WORDS
    waits = {name for name in WORDS if inspect.iscoroutinefunction(getattr(Connection, name, None))}
    for kind in (TcpConnection, Detached):
        assert not [name for name in WORDS if not hasattr(kind, name)]
        assert waits == {name for name in WORDS if inspect.iscoroutinefunction(getattr(kind, name))}


def test_a_stream_without_a_connection_is_never_slow_and_says_nothing() -> None:
    async def body() -> None:
        told: list[str] = []
        DETACHED.send("<presence/>")
        DETACHED.close()
        assert (DETACHED.congested, DETACHED.closing, DETACHED.opened, DETACHED.peer) == (False, True, False, "")
        assert not await DETACHED.start_tls("localhost", "<proceed/>", 1)
        assert (DETACHED.tls_version(), DETACHED.channel_binding("tls-server-end-point")) == ("", b"")
        DETACHED.tell_writable(lambda: told.append("now"))
        await node.until(lambda: told)

    node.run(body)
