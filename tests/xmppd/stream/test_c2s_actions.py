"""What is written on the stream machine's behalf."""

from typing import Any

from tests.support import node
from tests.support.client import Client
from tests.support.server import config, serving
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.stanza import Iq
from xmpp_core.stream_events import SendHeader
from xmppd.routing import hooks
from xmppd.routing.hook_points import C2sUnauthenticatedIq, StreamFeatures
from xmppd.stream import c2s_actions


def test_the_header_names_what_is_known_and_escapes_it() -> None:
    header = c2s_actions.header(SendHeader("localhost", "a'b@localhost", None, "en"), "x1")
    assert "xmlns='jabber:client'" in header
    assert "from='localhost'" in header
    assert "to='a&apos;b@localhost'" in header or "to='a&#39;b@localhost'" in header
    assert "version" not in header.partition("?>")[2]
    assert "from=" not in c2s_actions.header(SendHeader(""), "x1")


class _Transport:
    def __init__(self) -> None:
        self.sent = ""

    def send(self, data: str) -> None:
        self.sent += data


class _Data:
    said_goodbye = False

    def __init__(self) -> None:
        self.transport = _Transport()


def test_goodbye_is_said_once() -> None:
    data: Any = _Data()
    c2s_actions.goodbye(data, StreamError("conflict"))
    c2s_actions.goodbye(data, None)
    assert data.transport.sent.count("</stream:stream>") == 1
    assert "<conflict" in data.transport.sent


def test_modules_add_features_and_answer_strangers() -> None:
    async def body() -> None:
        async with serving(config(modules={})) as port:
            stages: list[object] = []

            def add(features: Any, point: StreamFeatures) -> Any:
                stages.append(point.user and point.user.full)
                return (*features, el("register", "http://jabber.org/features/iq-register"))

            def answer(_acc: Any, point: C2sUnauthenticatedIq) -> Any:
                return point.iq.result() if isinstance(point.iq, Iq) and point.iq.id == "r1" else None

            await hooks.add("localhost", StreamFeatures, add)
            await hooks.add("localhost", C2sUnauthenticatedIq, answer)
            client = await Client.connect(port)
            assert "<register xmlns='http://jabber.org/features/iq-register'/>" in await client.open()
            client.send("<iq type='get' id='r1'><query xmlns='jabber:iq:register'/></iq>")
            assert "type='result'" in await client.expect("<iq [^>]*>")
            client.send("<iq type='get' id='r2'><query xmlns='jabber:iq:register'/></iq>")
            assert "<not-authorized" in await client.gone()
            assert stages == [None]

    node.run(body)
