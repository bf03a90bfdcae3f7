"""mod_blocking — what a list never does to the account itself, and what stays of it."""

from __future__ import annotations

import pytest

from tests.support import node
from tests.support.archive_client import page
from tests.support.pep_client import answer, presence
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


def test_a_room_hears_no_error_of_an_occupant_who_is_blocked() -> None:
    async def body() -> None:
        async with serve(components={"rooms.localhost": "s"}) as server:
            desk = await server.client("romeo", "desk")
            desk.send("<presence/><presence to='a@rooms.localhost/romeo'/>")
            rooms = await server.component("rooms.localhost")
            await desk.ask(asked("block", "a@rooms.localhost/mad"))
            await read(server, desk, rooms)
            occupant = f"<x xmlns='{ns.MUC_USER}'/>"
            for type_, inside in (("groupchat", ""), ("chat", occupant), ("normal", occupant), ("headline", "")):
                rooms.send(
                    f"<message from='a@rooms.localhost/mad' to='{desk.jid}' type='{type_}'>"
                    f"<body>x</body>{inside}</message>"
                )
            rooms.send(f"<presence from='a@rooms.localhost/mad' to='{desk.jid}'/>")
            rooms.send(f"<iq from='a@rooms.localhost/mad' to='{desk.jid}' type='result' id='1'/>")
            await server.settle()
            assert desk.nothing_more()
            assert rooms.nothing_more()

    node.run(body)


def test_what_the_server_says_of_a_roster_still_passes() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        await juliet.ask(f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>")
        await desk.ask(asked("block", "juliet@localhost"))
        await read(server, desk, phone, juliet)
        item = "<item jid='juliet@localhost' subscription='remove'/>"
        await desk.ask(f"<iq type='set' id='r'><query xmlns='{ns.ROSTER}'>{item}</query></iq>")
        await server.settle()
        types = [one.split("'")[0] for one in juliet.seen[juliet.mark :].split(" type='")[1:]]
        assert {"unsubscribe", "unsubscribed"} <= set(types), types

    play(body)


def test_a_contact_that_goes_while_blocked_has_gone() -> None:
    """Both servers are this one: what it says of the contact's roster comes, and nobody sees the contact in vain."""

    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        roster = f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>"
        await desk.ask(asked("block", "juliet@localhost"))
        item = "<item jid='romeo@localhost' subscription='remove'/>"
        await juliet.ask(f"<iq type='set' id='x'><query xmlns='{ns.ROSTER}'>{item}</query></iq>")
        await server.settle()
        assert "<item jid='juliet@localhost' subscription='none'/>" in (await desk.ask(roster)).to_xml()
        await read(server, juliet)
        await desk.ask(asked("unblock"))
        await server.settle()
        assert juliet.nothing_more(), "who is no contact any more sees nobody come back"

    play(body)


def test_neither_events_nor_answers_to_a_probe_pass() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        juliet.send(presence("urn:n"))
        await server.settle()
        answer(juliet, "urn:n")
        await desk.ask(asked("block", "juliet@localhost"))
        await read(server, desk, phone, juliet)
        await desk.ask(
            f"<iq type='set' id='n'><pubsub xmlns='{ns.PUBSUB}'><publish node='urn:n'><item><x xmlns='urn:x'/></item>"
            "</publish></pubsub></iq>"
        )
        juliet.send("<presence to='romeo@localhost' type='probe'/>")
        await server.settle()
        assert "romeo" not in juliet.seen[juliet.mark :]
        inner = f"<pubsub xmlns='{ns.PUBSUB}'><items node='urn:n'/></pubsub>"
        answered = await juliet.ask(f"<iq type='get' id='i' to='romeo@localhost'>{inner}</iq>")
        assert answered.get("type") == "error"

    play(body)


def test_who_has_subscribed_to_a_node_hears_nothing_while_blocked() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        eve = await server.client("eve", "alley")  # no contact
        eve.send("<presence/>")

        async def publish(id_: str) -> None:
            item = f"<publish node='n'><item id='{id_}'><x xmlns='urn:x'/></item></publish>"
            fields = "".join(
                f"<field var='{name}'><value>{value}</value></field>"
                for name, value in (("FORM_TYPE", f"{ns.PUBSUB}#publish-options"), ("pubsub#access_model", "open"))
            )
            options = f"<publish-options><x xmlns='jabber:x:data' type='submit'>{fields}</x></publish-options>"
            answered = await desk.ask(
                f"<iq type='set' id='{id_}'><pubsub xmlns='{ns.PUBSUB}'>{item}{options}</pubsub></iq>"
            )
            assert answered.get("type") == "result", answered.to_xml()
            await server.settle()

        await publish("before")
        for who in (juliet, eve):
            bare = who.jid.partition("/")[0]
            subscribe = f"<pubsub xmlns='{ns.PUBSUB}'><subscribe node='n' jid='{bare}'/></pubsub>"
            answered = await who.ask(f"<iq type='set' id='s' to='romeo@localhost'>{subscribe}</iq>")
            assert answered.get("type") == "result"
        await desk.ask(asked("block", "juliet@localhost", "eve@localhost"))
        await read(server, desk, phone, juliet, eve)
        await publish("during")
        late = await server.client("juliet", "later")
        late.send(presence("n"))
        await server.settle()
        answer(late, "n")
        await server.settle()
        assert all("romeo" not in client.seen[client.mark :] for client in (juliet, eve, late))
        await desk.ask(asked("unblock"))
        await read(server, juliet, eve)
        await publish("after")
        for client in (juliet, eve):
            assert "<item id='after'>" in await client.expect("<message.*?</message>")

    play(body)


def test_a_request_of_who_is_blocked_is_neither_shown_nor_granted() -> None:
    """Not even one that was approved in advance: the answer would say that somebody is there."""

    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        nurse, eve = await server.client("nurse", "hall"), await server.client("eve", "alley")
        roster = f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>"
        for client in (nurse, eve):
            await client.ask(roster)
            client.send("<presence/>")
        desk.send("<presence to='nurse@localhost' type='subscribed'/>")
        await server.settle()
        await desk.ask(asked("block", "nurse@localhost", "eve@localhost"))
        for client in (nurse, eve):
            client.send("<presence to='romeo@localhost' type='subscribe'/>")
        await server.settle()
        await read(server, desk, nurse, eve)
        await desk.ask(asked("unblock"))
        tablet = await server.client("romeo", "tablet")
        await tablet.ask(roster)
        tablet.send("<presence/>")
        await server.settle()
        assert "type='subscribe'" not in tablet.seen + desk.seen[desk.mark :]
        for client in (nurse, eve):
            assert "romeo" not in client.seen[client.mark :]

    play(body)


def test_a_device_that_waits_for_its_client_goes_dark_as_well() -> None:
    async def body() -> None:
        async with serve() as server:
            phone, id_ = await enabled(server, "romeo", "phone")
            juliet = await server.client("juliet", "balcony")
            phone.send(f"<presence to='{juliet.jid}'/>")
            await juliet.expect("<presence[^>]*romeo@localhost/phone")
            phone.drop()
            await detached("romeo@localhost")
            desk = await server.client("romeo", "desk")
            await desk.ask(asked("block", "juliet@localhost"))
            await juliet.expect("<presence[^>]*type='unavailable'[^>]*romeo@localhost/phone")
            phone = await back(server, id_, 0, "romeo")
            await phone.expect("<resumed ")
            juliet.send(said("romeo@localhost/phone", "psst"))
            assert "service-unavailable" in await juliet.expect("<message.*?</message>")

    node.run(body)
