"""slixmpp with its plugins for what modules do: copies, archive, avatars, bookmarks, blocking, markers, and an app
server of its own that is told of messages for a telephone that is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any
from xml.etree import ElementTree

import pytest
import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0048.stanza import Bookmarks

from tests.interop.test_slixmpp import friends, play
from tests.support.booted import COMPONENTS, SECRET, Booted
from tests.support.slixmpp_client import PATIENCE, SlixmppClient

PLUGINS = (
    "xep_0048", "xep_0049", "xep_0054", "xep_0060", "xep_0084", "xep_0115", "xep_0153", "xep_0163", "xep_0184",
    "xep_0191", "xep_0223", "xep_0280", "xep_0313", "xep_0333", "xep_0352", "xep_0359", "xep_0402", "xep_0490",
)  # fmt: skip
EVENTS = (
    "carbon_received", "carbon_sent", "blocked", "unblocked", "avatar_metadata_publish", "receipt_received",
    "marker_displayed", "pubsub_publish",
)  # fmt: skip
BOOKMARKS = "urn:xmpp:bookmarks:1"
PUSH = "urn:xmpp:push:0"


class Modern(SlixmppClient):
    """A client with these plugins; it says what it can before it says that it is there."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        for event in EVENTS:
            queue = self.seen[event] = asyncio.Queue()
            self.add_event_handler(event, queue.put_nowait)

    async def archived(self, **query: Any) -> list[str]:
        """The bodies that its archive has."""
        found = self.plugin["xep_0313"].iterate(**query)
        return [page["mam_result"]["forwarded"]["stanza"]["body"] async for page in found]


@asynccontextmanager
async def pair(server: Booted) -> AsyncIterator[tuple[Modern, Modern, Modern]]:
    """A phone and a desktop of one user, and a friend."""
    user, other = server.account("juliet"), server.account("romeo")
    async with (
        Modern.login(server, user, "phone") as phone,
        Modern.login(server, user, "desk") as desk,
        Modern.login(server, other, "here") as friend,
    ):
        await friends(friend, phone)
        yield phone, desk, friend  # type: ignore[misc]  # login gives what it was called on


def test_what_one_device_hears_and_says_the_other_has_and_the_archive_page_by_page(server: Booted) -> None:
    async def body() -> None:
        async with pair(server) as (phone, desk, friend):
            await desk.plugin["xep_0280"].enable()
            friend.send_message(mto=phone.boundjid, mbody="to the phone", mtype="chat")
            assert (await desk.got("carbon_received"))["carbon_received"]["body"] == "to the phone"
            phone.send_message(mto=friend.boundjid, mbody="from the phone", mtype="chat")
            assert (await desk.got("carbon_sent"))["carbon_sent"]["body"] == "from the phone"
            for number in range(8):
                friend.send_message(mto=phone.boundjid.bare, mbody=str(number), mtype="chat")
            await friend.plugin["xep_0199"].ping("localhost", timeout=5)
            said = ["to the phone", "from the phone", *map(str, range(8))]
            whose = friend.boundjid.bare
            assert await desk.archived(rsm={"max": 3}, with_jid=whose) == said
            assert await desk.archived(rsm={"max": 3}, with_jid=whose, reverse=True, total=4) == said[:-5:-1]
            with pytest.raises(IqError, match="item-not-found"):
                await desk.plugin["xep_0313"].retrieve(rsm={"after": "none"}, iterator=False)

    play(body)


def test_an_avatar_reaches_friends_and_other_devices_and_those_who_read_cards(server: Booted) -> None:
    async def body() -> None:
        async with pair(server) as (phone, desk, friend):
            image = b"\x89PNG\r\n\x1a\n not much of one"
            name = sha1(image, usedforsecurity=False).hexdigest()
            await phone.plugin["xep_0153"].set_avatar(avatar=image, mtype="image/png")
            for who in (desk, friend):
                told = await who.got("avatar_metadata_publish")
                assert told["pubsub_event"]["items"]["item"]["id"] == name
            got = await friend.plugin["xep_0084"].retrieve_avatar(phone.boundjid.bare, name)
            assert got["pubsub"]["items"]["item"]["avatar_data"]["value"] == image
            await friend.got("presence_available", lambda p: p["from"] == phone.boundjid and name in str(p))
            card = await friend.plugin["xep_0054"].get_vcard(phone.boundjid.bare, cached=False)
            assert card["vcard_temp"]["PHOTO"]["BINVAL"] == image

    play(body)


def test_bookmarks_are_one_list_for_old_and_new_ways_to_keep_them(server: Booted) -> None:
    async def body() -> None:
        async with pair(server) as (phone, desk, _):
            room = ElementTree.fromstring(f"<conference xmlns='{BOOKMARKS}' autojoin='true' name='R'/>")
            await phone.plugin["xep_0060"].publish(phone.boundjid.bare, BOOKMARKS, id="one@rooms.test", payload=room)
            for way in ("xep_0049", "xep_0223"):
                assert "one@rooms.test" in str(await desk.plugin["xep_0048"].get_bookmarks(method=way))
            for way in ("xep_0049", "xep_0223"):
                marks = Bookmarks()
                marks.add_conference(f"{way}@rooms.test", "nick")
                await desk.plugin["xep_0048"].set_bookmarks(marks, method=way)
                kept = (await phone.plugin["xep_0060"].get_items(phone.boundjid.bare, BOOKMARKS))["pubsub"]["items"]
                assert [item["id"] for item in kept] == [f"{way}@rooms.test"]

    play(body)


def test_who_is_blocked_sees_the_user_go_and_is_refused(server: Booted) -> None:
    async def body() -> None:
        async with pair(server) as (phone, desk, friend):
            await desk.plugin["xep_0191"].get_blocked()
            await phone.plugin["xep_0191"].block(friend.boundjid.bare)
            await desk.got("blocked")
            await friend.got("presence_unavailable", lambda p: p["from"] == phone.boundjid)
            friend.send_message(mto=phone.boundjid.bare, mbody="pardon?", mtype="chat")
            refused = await friend.got("message")
            assert (refused["type"], refused["error"]["condition"]) == ("error", "service-unavailable")
            phone.send_message(mto=friend.boundjid.bare, mbody="go", mtype="chat")
            assert (await phone.got("message"))["error"]["condition"] == "not-acceptable"
            await phone.plugin["xep_0191"].unblock(friend.boundjid.bare)
            await desk.got("unblocked")
            await friend.got("presence_available", lambda p: p["from"] == phone.boundjid)

    play(body)


def test_receipts_markers_and_what_is_read_on_all_devices(server: Booted) -> None:
    async def body() -> None:
        async with pair(server) as (phone, desk, friend):
            phone.plugin["xep_0352"].send_inactive()
            asked = friend.make_message(mto=phone.boundjid, mbody="read this", mtype="chat")
            asked["request_receipt"], asked["id"] = True, "m1"
            asked.enable("markable")
            asked.send()
            name = (await phone.got("message"))["stanza_id"]["id"]
            assert (await friend.got("receipt_received"))["receipt"] == "m1"
            phone.plugin["xep_0333"].send_marker(friend.boundjid, "m1", "displayed")
            assert (await friend.got("marker_displayed"))["displayed"]["id"] == "m1"
            await phone.plugin["xep_0490"].flag_chat(friend.boundjid.bare, name)
            assert name in str(await desk.plugin["xep_0490"].catch_up())

    play(body)


class AppServer(slixmpp.ComponentXMPP):  # type: ignore[misc]  # slixmpp is untyped here and there
    """It takes notifications; they wait in `notified`."""

    def __init__(self, server: Booted, domain: str) -> None:
        super().__init__(domain, SECRET, "127.0.0.1", server.component)
        self.notified: asyncio.Queue[Any] = asyncio.Queue()
        self.there = asyncio.Event()
        self.register_plugin("xep_0060")
        self.add_event_handler("session_start", lambda _: self.there.set())
        path = "{jabber:component:accept}iq/{http://jabber.org/protocol/pubsub}pubsub"
        self.register_handler(slixmpp.Callback("push", slixmpp.MatchXPath(path), self._take))

    def _take(self, iq: Any) -> None:
        self.notified.put_nowait(str(iq))
        iq.reply(clear=True).send()


def test_an_app_server_hears_of_a_message_for_a_telephone_that_is_away(server: Booted) -> None:
    async def body() -> None:
        app = AppServer(server, COMPONENTS[2])
        app.connect()
        await asyncio.wait_for(app.there.wait(), PATIENCE)
        async with pair(server) as (phone, desk, friend):
            enable = phone.make_iq_set()
            enable.append(ElementTree.fromstring(f"<enable xmlns='{PUSH}' jid='{COMPONENTS[2]}' node='n1'/>"))
            await enable.send()
            await desk.leave()
            await phone.leave()
            friend.send_message(mto=phone.boundjid.bare, mbody="wherefore", mtype="chat")
            told = await asyncio.wait_for(app.notified.get(), PATIENCE)
            assert "urn:xmpp:push:summary" in told
            assert 'node="n1"' in told
            assert "wherefore" not in told
        await app.disconnect()

    play(body)
