"""What a client is told of the server's limits."""

from __future__ import annotations

import re

from tests.support.login_client import bind, come, on_a_server, request
from xmppd.testing.server import Server

LIMITS = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>([0-9]+)</max-bytes>"


def test_there_is_more_room_after_the_login() -> None:
    async def body(server: Server) -> None:
        client, _ = await come(server, request(bind()))
        await client.expect("<stream:features>.*?</stream:features>")
        before, after = [int(found) for found in re.findall(LIMITS, client.seen)]
        assert before < after

    on_a_server(body)
