"""What is written on the stream machine's behalf."""

from typing import Any

from tests.support import node
from tests.support.server import config, serving
from xmpp_core.element import el
from xmpp_core.stanza import Iq
from xmppd.routing import hooks
from xmppd.routing.hook_points import C2sUnauthenticatedIqHook, StreamFeaturesHook
from xmppd.testing.client import Client


def test_modules_add_features_and_answer_strangers() -> None:
    async def body() -> None:
        async with serving(config(modules={})) as port:
            stages: list[object] = []

            def add(features: Any, point: StreamFeaturesHook) -> Any:
                stages.append(point.user and point.user.full)
                return (*features, el("register", "http://jabber.org/features/iq-register"))

            def answer(_acc: Any, point: C2sUnauthenticatedIqHook) -> Any:
                return point.iq.result() if isinstance(point.iq, Iq) and point.iq.id == "r1" else None

            await hooks.add("localhost", StreamFeaturesHook, add)
            await hooks.add("localhost", C2sUnauthenticatedIqHook, answer)
            client = await Client.connect(port)
            assert "<register xmlns='http://jabber.org/features/iq-register'/>" in await client.open()
            client.send("<iq type='get' id='r1'><query xmlns='jabber:iq:register'/></iq>")
            assert "type='result'" in await client.expect("<iq [^>]*>")
            client.send("<iq type='get' id='r2'><query xmlns='jabber:iq:register'/></iq>")
            assert "<not-authorized" in await client.gone()
            assert stages == [None]

    node.run(body)
