"""A module's paths are there while it runs."""

from __future__ import annotations

import asyncio
import dataclasses
import json

from tests.support import http_module
from tests.support.http_client import get
from xmppd import gen_mod_sup
from xmppd.testing.server import serve


def test_a_path_that_a_module_declares() -> None:
    async def body() -> None:
        async with serve(http=True, hosts=("one.example", "two.example"), modules={http_module: True}) as server:
            answer = await get(server.http_port, "/where?x")
            assert json.loads(answer.body) == {"host": "one.example", "query": "x"}
            assert (await get(server.http_port, "/teapot/any")).status == 418
            assert (await get(server.http_port, "/where", method="POST")).status == 405
            without = {name: given for name, given in server.config.modules.items() if name != http_module.__name__}
            await gen_mod_sup.reload(server.config, dataclasses.replace(server.config, modules=without))
            assert (await get(server.http_port, "/where")).status == 404

    asyncio.run(body())
