"""The server as an application."""

import socket

import pytest

from otp.erts import process
from otp.kernel import application, pg
from otp.stdlib import supervisor
from tests.support import node
from tests.support.server import config, port_of
from xmppd import sup
from xmppd.app import XmppdApp
from xmppd.net import listener_sup
from xmppd.stream import c2s_sup
from xmppd.testing.client import Client


def test_the_way_up_and_the_way_down() -> None:
    async def body() -> None:
        process.trap_exit(True)
        chosen = config(modules={})
        application.set_env("xmppd", "config", chosen)
        await pg.start_link()
        app = XmppdApp()
        top = await app.start("normal", ())
        assert process.whereis(sup.NAME) is top
        port = await port_of(chosen.listen[0])
        client = await Client.connect(port)
        await client.open()
        await app.prep_stop(None)
        assert "<system-shutdown" in await client.gone()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        assert await supervisor.which_children(c2s_sup.NAME) == []
        assert process.is_alive(process.whereis(listener_sup.NAME))  # type: ignore[arg-type]

    node.run(body)
