"""A stream's memory."""

from typing import Any

from otp.erts.pid import make_ref
from xmpp_core.stream_state import StateName, StreamConfig, StreamState
from xmppd.stream.c2s_data import Data, Settings


def test_it_knows_its_state_by_name() -> None:
    endpoint: Any = type("Endpoint", (), {"transport": "the transport"})()
    data = Data(Settings(StreamConfig(hosts={"localhost"})), endpoint, StreamState(host="localhost"), make_ref())
    assert (data.name, data.host, data.over) == ("wait_for_stream", "localhost", False)
    assert data.transport == "the transport"
    data.fsm = StreamState(name=StateName.CLOSED)
    assert data.over
