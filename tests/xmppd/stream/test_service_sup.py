"""The components of a worker."""

from otp.stdlib import supervisor
from tests.support import node
from tests.support.server import config, serving
from xmppd.config.schema import Listen
from xmppd.stream import service_sup
from xmppd.testing.client import Client


def test_a_component_is_its_child_while_it_is_connected() -> None:
    listen = Listen(module="component", ip="127.0.0.1", port=0, tls="off", secrets={"a.localhost": "s"})

    async def body() -> None:
        async with serving(config(modules={}, listen=(listen,))) as port:
            client = await Client.connect(port)
            client.send("<nonsense/>")
            assert "<stream:error>" in await client.gone()
            while await supervisor.which_children(service_sup.NAME):
                pass

    node.run(body)
