"""The bytes of a connection: nothing is read that nobody waits for, and nothing stays when its process has gone."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.http_client import PATIENCE, answers
from xmppd.config.schema import Listen
from xmppd.http import http_sup
from xmppd.testing import settings
from xmppd.testing.server import port_of, serve, serve_config

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_with_tls_from_the_first_byte() -> None:
    async def body() -> None:
        config = settings.config({})
        https = Listen(module="http", port=0, tls="direct")
        async with serve_config(dataclasses.replace(config, listen=(*config.listen, https))) as server:
            context = ssl.create_default_context(cafile=str(server.certificate))
            context.set_alpn_protocols(["http/1.1"])
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", await port_of(https), ssl=context, server_hostname="localhost"
            )
            writer.write(GET)
            assert answers(await asyncio.wait_for(reader.read(), PATIENCE))[0].status == 200
            writer.close()

    asyncio.run(body())


def test_the_connection_ends_with_its_process() -> None:
    async def body() -> None:
        async with serve(http=True) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
            await server.settle()
            [child] = await supervisor.which_children(http_sup.NAME)
            process.exit_(child.pid, "kill")
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
            writer.close()

    asyncio.run(body())
