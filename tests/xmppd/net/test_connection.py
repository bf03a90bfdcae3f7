"""The behaviour of connections, and who has it."""

import inspect

from xmppd.net.connection import Connection
from xmppd.net.tcp_connection import TcpConnection

WORDS = {name for name in (*vars(Connection), *Connection.__annotations__) if not name.startswith("_")}


def test_a_connection_over_tcp_knows_every_word_and_waits_where_it_may() -> None:
    assert {"open", "send", "close", "drop", "control", "slot"} <= WORDS
    assert not [name for name in WORDS if not hasattr(TcpConnection, name)]
    waits = {name for name in WORDS if inspect.iscoroutinefunction(getattr(Connection, name, None))}
    assert waits == {name for name in WORDS if inspect.iscoroutinefunction(getattr(TcpConnection, name))}
