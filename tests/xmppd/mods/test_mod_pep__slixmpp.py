"""A stock client: slixmpp publishes its avatar, and a contact's slixmpp is told, by its own capabilities."""

from __future__ import annotations

import asyncio
from hashlib import sha1
from typing import Any

import slixmpp

from xmppd.testing.server import serve

PATIENCE = 20.0
PLUGINS = ("xep_0030", "xep_0060", "xep_0084", "xep_0115", "xep_0163")


class PepClient(slixmpp.ClientXMPP):
    """A client with PEP; `seen` is what it was told, by event."""

    def __init__(self, jid: str, certificate: str) -> None:
        super().__init__(jid, "secret")
        self.ca_certs = certificate
        self.enable_direct_tls = False
        self.seen: dict[str, asyncio.Future[Any]] = {}
        self.there = asyncio.get_running_loop().create_future()
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        for event in ("avatar_metadata_publish",):
            self.seen[event] = asyncio.get_running_loop().create_future()
            self.add_event_handler(event, lambda message, event=event: self._told(event, message))
        self.add_event_handler("session_start", self._begin)

    def _told(self, event: str, message: Any) -> None:
        if not self.seen[event].done():
            self.seen[event].set_result(message)

    async def _begin(self, _: object) -> None:
        await self.plugin["xep_0115"].update_caps()
        self.send_presence()
        await self.get_roster()
        self.there.set_result(None)


async def play() -> None:
    async with serve(tls=True) as server:
        romeo, juliet = [PepClient(await server.account(name), str(server.certificate)) for name in ("romeo", "juliet")]
        for client in (romeo, juliet):
            client.connect(server.host, server.port)
            await asyncio.wait_for(client.there, PATIENCE)
        romeo.send_presence_subscription("juliet@localhost")
        juliet.send_presence_subscription("romeo@localhost")
        image = b"\x89PNG not much of one"
        name = sha1(image, usedforsecurity=False).hexdigest()
        async with asyncio.timeout(PATIENCE):
            while not juliet.client_roster["romeo@localhost"]["from"]:
                await asyncio.sleep(0.01)
            await romeo.plugin["xep_0084"].publish_avatar(image)
            await romeo.plugin["xep_0084"].publish_avatar_metadata(
                {"id": name, "type": "image/png", "bytes": len(image)}
            )
            message = await juliet.seen["avatar_metadata_publish"]
            assert message["from"].bare == "romeo@localhost"
            assert message["pubsub_event"]["items"]["item"]["id"] == name
            got = await juliet.plugin["xep_0084"].retrieve_avatar("romeo@localhost", name)
            assert got["pubsub"]["items"]["item"]["avatar_data"]["value"] == image
        for client in (romeo, juliet):
            await client.disconnect()


def test_an_avatar_goes_from_one_to_the_other() -> None:
    asyncio.run(play())
