"""mod_blocking — what a list never does to the account itself, and what stays of it."""

from __future__ import annotations

import pytest

from tests.support import node
from tests.support.archive_client import page
from tests.support.sm_client import back, detached, enabled
from tests.xmppd.mods.test_mod_blocking import GET, asked, play, read, said
from xmpp_core import ns
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


@pytest.mark.parametrize("entry", ["localhost", "romeo@localhost", "romeo@localhost/phone", "localhost/phone"])
def test_own_devices_are_never_blocked_from_each_other(entry: str) -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        assert (await desk.ask(asked("block", entry))).get("type") == "result"
        await server.settle()
        assert phone.seen[phone.mark :] == "", "the other device has not gone"
        await read(server, desk, phone, juliet)
        phone.send("<presence><show>away</show></presence>")
        await desk.expect("<presence[^>]*romeo@localhost/phone[^>]*>.*away")
        phone.send(said(desk.jid, "note"))
        assert "note" in await desk.expect("<message.*?</message>")

    play(body)


def test_a_device_that_has_asked_hears_of_changes_after_a_resume() -> None:
    async def body() -> None:
        async with serve() as server:
            phone, id_ = await enabled(server, "romeo", "phone")
            await phone.ask(GET)
            phone.drop()
            await detached("romeo@localhost")
            phone = await back(server, id_, 0, "romeo")
            await phone.expect("<resumed ")
            desk = await server.client("romeo", "desk")
            await desk.ask(asked("block", "juliet@localhost"))
            await phone.expect("<iq[^>]*type='set'[^>]*><block xmlns='urn:xmpp:blocking'>")

    node.run(body)


def test_what_is_blocked_is_not_archived() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        await desk.ask(asked("block", "juliet@localhost"))
        juliet.send(said("romeo@localhost", "heard by nobody"))
        desk.send(said("juliet@localhost", "nor is this"))
        await read(server, desk, phone, juliet)
        assert (await page(desk))[0] == []

    play(body)


def test_subscriptions_stay_and_who_was_told_of_it_directly_is_told_too() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        nurse = await server.client("nurse", "hall")
        desk.send(f"<presence to='{nurse.jid}'/>")
        await nurse.expect("<presence[^>]*romeo@localhost/desk")
        await desk.ask(asked("block", "juliet@localhost", "nurse@localhost"))
        await nurse.expect("<presence[^>]*type='unavailable'")
        roster = await desk.ask(f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>")
        assert "subscription='both'" in roster.to_xml()
        roster = await juliet.ask(f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>")
        assert "subscription='both'" in roster.to_xml()

    play(body)
