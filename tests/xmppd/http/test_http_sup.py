"""The connections of HTTP have a supervisor, which does not start them again."""

from __future__ import annotations

import asyncio

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.http_client import get
from xmppd.http import http_sup
from xmppd.testing.server import serve


def test_one_that_crashes_is_gone_and_the_others_stay() -> None:
    async def body() -> None:
        async with serve(http=True) as server:
            open_ = [await asyncio.open_connection("127.0.0.1", server.http_port) for _ in range(3)]
            await server.settle()
            first, *others = await supervisor.which_children(http_sup.NAME)
            process.exit_(first.pid, "a crash")
            await server.settle()
            left = {child.pid for child in await supervisor.which_children(http_sup.NAME)}
            assert left == {child.pid for child in others}
            assert (await get(server.http_port, "/healthz")).status == 200
            for _, writer in open_:
                writer.close()

    asyncio.run(body())
