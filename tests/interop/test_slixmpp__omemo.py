"""slixmpp-omemo, end-to-end encryption as its users have it (XEP-0384): keys by PEP, a message that is read, and one
that waits in the archive."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

from omemo.storage import Just, Maybe, Nothing, Storage
from slixmpp import JID
from slixmpp.plugins import register_plugin
from slixmpp_omemo import XEP_0384

from tests.interop.test_slixmpp import friends, play
from tests.support.booted import Booted
from tests.support.slixmpp_client import SlixmppClient

LEGACY = "eu.siacs.conversations.axolotl"


class Keys(Storage):  # type: ignore[misc]  # it is untyped here
    """What a device keeps of its keys, on its disk so to say."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Any] = {}

    async def _load(self, key: str) -> Maybe[Any]:
        return Just(self.kept[key]) if key in self.kept else Nothing()

    async def _store(self, key: str, value: Any) -> None:
        self.kept[key] = value

    async def _delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Omemo(XEP_0384):  # type: ignore[misc]  # slixmpp is untyped here and there
    """The plugin, with keys of ours; devices of contacts are trusted until one was verified."""

    default_config = {**XEP_0384.default_config, "keys": None}  # noqa: RUF012  # as slixmpp has it

    @property
    def storage(self) -> Storage:
        return self.keys

    @property
    def _btbv_enabled(self) -> bool:
        return True

    async def _prompt_manual_trust(self, manually_trusted: Any, identifier: str | None) -> None:
        raise AssertionError("nothing is to be asked")


register_plugin(Omemo)


class Secret(SlixmppClient):
    """A client that encrypts."""

    def __init__(self, jid: str, keys: Keys, ca: str) -> None:
        super().__init__(jid, "secret", ca)
        for plugin in ("xep_0313", "xep_0380"):
            self.register_plugin(plugin)
        self.register_plugin("xep_0384", {"keys": keys}, module=sys.modules[__name__])
        self.ready = asyncio.Event()
        self.add_event_handler("omemo_initialized", lambda _: self.ready.set())

    async def say(self, to: JID, body: str) -> None:
        """Encrypted for all devices of that account. Raises what fails."""
        await self.plugin["xep_0384"].refresh_device_lists({JID(to.bare)}, force_download=True)
        stanza = self.make_message(mto=to, mbody=body, mtype="chat")
        encrypted, errors = await self.plugin["xep_0384"].encrypt_message(stanza, JID(to.bare))
        assert encrypted is not None, errors
        assert not errors
        assert body not in str(encrypted)
        encrypted.send()

    async def read(self, stanza: Any) -> tuple[str, str]:
        """The sender and the text of an encrypted message."""
        assert self.plugin["xep_0384"].is_encrypted(stanza) == {LEGACY}, str(stanza)
        message, device = await self.plugin["xep_0384"].decrypt_message(stanza)
        return device.bare_jid, message["body"]


@asynccontextmanager
async def secret(server: Booted, user: str, keys: Keys) -> AsyncIterator[Secret]:
    """Logged in, with its keys published."""
    client = Secret(f"{user}@localhost/here", keys, str(server.ca()))
    try:
        await client.enter(server.tls)
        await asyncio.wait_for(client.ready.wait(), 20)
        yield client
    finally:
        await client.leave()


def test_an_encrypted_message_is_read_and_one_waits_in_the_archive(server: Booted) -> None:
    romeo, juliet, keys = server.account("romeo"), server.account("juliet"), Keys()

    async def body() -> None:
        async with secret(server, romeo, Keys()) as sender:
            async with secret(server, juliet, keys) as reader:
                await friends(sender, reader)
                to = reader.boundjid
                await sender.say(to, "wherefore")
                assert await reader.read(await reader.got("message")) == (sender.boundjid.bare, "wherefore")
                await reader.say(sender.boundjid, "by any other name")
                assert await sender.read(await sender.got("message")) == (to.bare, "by any other name")
            await sender.say(to, "while you were away")
            await sender.plugin["xep_0199"].ping("localhost", timeout=5)
            async with secret(server, juliet, keys) as reader:
                pages = reader.plugin["xep_0313"].iterate(with_jid=sender.boundjid.bare, reverse=True, total=1)
                [last] = [page["mam_result"]["forwarded"]["stanza"] async for page in pages]
                assert await reader.read(last) == (sender.boundjid.bare, "while you were away")
                assert "while you were away" not in ElementTree.tostring(last.xml, encoding="unicode")

    play(body)
