"""A stream's memory."""

from typing import Any

from xmpp_core.stream_state import StateName, StreamConfig, StreamState
from xmppd.stream.c2s_data import Data, Settings


def test_it_knows_its_state_by_name() -> None:
    connection: Any = None
    data = Data(Settings(StreamConfig(hosts={"localhost"})), connection, StreamState(host="localhost"))
    assert (data.name, data.host, data.over) == ("wait_for_stream", "localhost", False)
    data.fsm = StreamState(name=StateName.CLOSED)
    assert data.over
