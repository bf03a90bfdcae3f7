"""test_mod_mam — an account's archive on the wire: what is kept, under which id, and how its devices read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from otp.erts import process
from tests.support import core_cluster, node
from tests.support.archive_client import JULIET, field, page, play, present, said, texts
from tests.support.core_cluster import CoreCluster, RemoteClient
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.archive import writer
from xmppd.archive.tables import ARCHIVE, PREFS
from xmppd.mods.mod_mam import Options
from xmppd.routing import durability
from xmppd.routing.account import removal
from xmppd.store import store
from xmppd.store.backend import StoreError
from xmppd.testing.server import Server, serve

HINT = f"xmlns='{ns.HINTS}'"


def mark_of(message: Element, by: str = JULIET) -> list[str | None]:
    return [mark.get("id") for mark in message.elements("stanza-id", ns.STANZA_ID) if mark.get("by") == by]


def set_of(fin: Element) -> dict[str, str]:
    found = fin.child("set", ns.RSM)
    assert found is not None
    return {child.name: child.text() for child in found.elements()}


def test_both_sides_are_kept_in_order_and_the_recipient_is_told_the_id() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "1") + said(juliet.jid, "2"))
        first, second = await juliet.receive(), await juliet.receive()
        juliet.send(said(romeo.jid, "3"))
        third = await romeo.receive()
        hers, fin = await page(juliet)
        his, _ = await page(romeo)
        assert [message.child_text("body") for _, message in hers] == ["1", "2", "3"]
        assert [message.child_text("body") for _, message in his] == ["1", "2", "3"]
        assert [mark_of(first), mark_of(second)] == [[id_] for id_, _ in hers[:2]]
        assert mark_of(third, "romeo@localhost") == [his[2][0]]
        assert mark_of(third) == [], "her id is her own"
        assert not {id_ for id_, _ in hers} & {id_ for id_, _ in his}
        assert (fin.get("complete"), set_of(fin)) == ("true", {"first": hers[0][0], "last": hers[2][0]})

    play(body)


def test_pages_lead_from_one_to_the_next_in_either_direction() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send("".join([said(JULIET, str(number)) for number in range(5)]))
        await server.settle()
        juliet.mark = len(juliet.seen)
        found, fin = await page(juliet, "", "<max>2</max>")
        assert ([m.child_text("body") for _, m in found], fin.get("complete")) == (["0", "1"], None)
        assert await texts(juliet, "", f"<max>2</max><after>{set_of(fin)['last']}</after>") == ["2", "3"]
        found, fin = await page(juliet, "", "<max>2</max><before/>", "<flip-page/>")
        assert [m.child_text("body") for _, m in found] == ["4", "3"]
        assert set_of(fin) == {"first": found[1][0], "last": found[0][0]}, "in the archive's order all the same"
        assert await texts(juliet, "", f"<max>2</max><before>{set_of(fin)['first']}</before>") == ["1", "2"]
        assert await texts(juliet, field("after-id", found[1][0])) == ["4"]
        assert await texts(juliet, field("before-id", found[1][0])) == ["0", "1", "2"]
        assert await texts(juliet, field("ids", found[0][0], found[1][0])) == ["3", "4"]
        _, error = await page(juliet, "", "<max>2</max><after>nonsense</after>")
        assert "<item-not-found " in error.to_xml()
        for ids in ([""], [found[0][0], ""], ["nonsense"]):
            _, error = await page(juliet, field("ids", *ids))
            assert "<item-not-found " in error.to_xml()
        found, fin = await page(juliet, "", "<max>0</max>")
        assert (found, set_of(fin)) == ([], {"count": "5"})

    play(body)


def test_who_and_when() -> None:
    async def body(server: Server) -> None:
        romeo, nurse, juliet = await present(server, "romeo/orchard", "nurse/hall", "juliet/balcony")
        romeo.send(said(JULIET, "1"))
        await server.clock.advance(60)
        between = server.clock.now()
        await server.clock.advance(60)
        nurse.send(said(JULIET, "2"))
        await server.settle()
        juliet.send(said("romeo@localhost/orchard", "3") + said(JULIET, "to myself"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet, field("with", "romeo@localhost")) == ["1", "3"]
        assert await texts(juliet, field("with", "romeo@localhost/orchard")) == ["1", "3"]
        assert await texts(juliet, field("with", "romeo@localhost/elsewhere")) == []
        assert await texts(juliet, field("with", JULIET)) == ["to myself"]
        when = f"{between:%Y-%m-%dT%H:%M:%SZ}"
        assert await texts(juliet, field("start", when)) == ["2", "3", "to myself"]
        assert await texts(juliet, field("end", when)) == ["1"]
        assert await texts(juliet, field("start", when) + field("with", "romeo@localhost")) == ["3"]
        _, error = await page(juliet, field("colour", "red"))
        assert "<feature-not-implemented " in error.to_xml()

    play(body)


def test_what_is_forged_goes_and_what_others_have_marked_stays() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        marks = "".join(f"<stanza-id xmlns='{ns.STANZA_ID}' id='x' by='{by}'/>" for by in (JULIET, "room@elsewhere"))
        own = f"<origin-id xmlns='{ns.STANZA_ID}' id='mine'/>"
        romeo.send(said(JULIET, "hi", marks + own))
        message = await juliet.receive()
        [(id_, kept)] = (await page(juliet))[0]
        assert mark_of(message) == [id_]
        assert mark_of(kept) == []
        for one in (message, kept):
            assert mark_of(one, "room@elsewhere") == ["x"]
            assert one.child("origin-id", ns.STANZA_ID) is not None
        romeo.send(said(JULIET, "news", marks, "headline"))
        assert mark_of(await juliet.receive()) == [], "nor on what is not kept"

    play(body)


def test_what_a_component_says_of_itself_stays_and_what_it_says_of_us_goes() -> None:
    async def body(server: Server) -> None:
        [juliet] = await present(server, "juliet/balcony")
        rooms = await server.component("rooms.localhost")
        marks = "".join(
            f"<stanza-id xmlns='{ns.STANZA_ID}' id='x' by='{by}'/>" for by in ("a@rooms.localhost", JULIET, "localhost")
        )
        rooms.send(
            f"<message from='a@rooms.localhost/n' to='{juliet.jid}' type='groupchat'><body>x</body>{marks}</message>"
        )
        message = await juliet.receive()
        assert [mark_of(message, by) for by in ("a@rooms.localhost", JULIET, "localhost")] == [["x"], [], []]

    async def whole() -> None:
        async with serve(components={"rooms.localhost": "secret"}) as server:
            await body(server)

    node.run(whole)


def test_who_is_refused_is_not_told_the_id() -> None:
    async def body(server: Server) -> None:
        romeo, _ = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said("juliet@localhost/gone", "hi", type_="normal"))
        refused = await romeo.receive()
        assert refused.get("type") == "error"
        assert "<service-unavailable " in refused.to_xml()
        assert mark_of(refused) == []

    play(body)


def test_what_is_not_kept() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        await server.account("nobody")
        romeo.send(said(JULIET, "no", f"<no-store {HINT}/>") + said(JULIET, "news", type_="headline"))
        romeo.send(f"<message to='{JULIET}' type='chat'><active xmlns='{ns.CHATSTATES}'/></message>")
        romeo.send(said("stranger@localhost", "to no account"))
        romeo.send(said(juliet.jid, "yes"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["yes"]
        assert await store.select(ARCHIVE, ("localhost", "stranger")) == []

    play(body)


def test_what_several_devices_get_is_kept_once() -> None:
    async def body(server: Server) -> None:
        romeo, one, other = await present(server, "romeo/orchard", "juliet/balcony", "juliet/garden")
        romeo.send(said(JULIET, "hi"))
        ids = [mark_of(await device.receive()) for device in (one, other)]
        [(id_, _)] = (await page(one))[0]
        assert ids == [[id_], [id_]]
        one.send(said(JULIET, "to myself"))
        await server.settle()
        other.mark = len(other.seen)
        assert await texts(other) == ["hi", "to myself"]

    play(body)


def test_an_account_chooses_what_it_keeps() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        asked = f"<iq type='get' id='g'><prefs xmlns='{ns.MAM}'/></iq>"
        assert "default='always'" in (await juliet.ask(asked)).to_xml()
        romeo.send(said(JULIET, "before"))
        await juliet.receive()
        never = "<always/><never><jid>romeo@localhost</jid></never>"
        answer = await juliet.ask(
            f"<iq type='set' id='s'><prefs xmlns='{ns.MAM}' default='always'>{never}</prefs></iq>"
        )
        assert never in answer.to_xml()
        romeo.send(said(JULIET, "after"))
        assert mark_of(await juliet.receive()) == []
        juliet.send(said("romeo@localhost", "answer"))
        await romeo.receive()
        assert await texts(juliet) == ["before"]
        assert await texts(romeo) == ["before", "after", "answer"], "he keeps what he likes"
        assert never in (await juliet.ask(asked)).to_xml()
        wrong = await juliet.ask(f"<iq type='set' id='w'><prefs xmlns='{ns.MAM}' default='perhaps'/></iq>")
        assert "<bad-request " in wrong.to_xml()

    play(body)


def test_contacts_only() -> None:
    async def body(server: Server) -> None:
        romeo, nurse, juliet = await present(server, "romeo/orchard", "nurse/hall", "juliet/balcony")
        item = "<item jid='romeo@localhost'/>"
        await juliet.ask(f"<iq type='set' id='r'><query xmlns='{ns.ROSTER}'>{item}</query></iq>")
        romeo.send(said(JULIET, "a friend"))
        nurse.send(said(JULIET, "a stranger"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["a friend"]
        assert await texts(nurse) == []

    play(body, default="roster")


def test_nobody_reads_what_is_another_s() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        roster = f"<query xmlns='{ns.ROSTER}'><item jid='romeo@localhost'/></query>"
        await juliet.ask(f"<iq type='set' id='r'>{roster}</iq>")
        for payload in ("<query xmlns='{}'/>", "<metadata xmlns='{}'/>", "<prefs xmlns='{}'/>"):
            for type_ in ("get", "set"):
                asked = f"<iq type='{type_}' id='o' to='{JULIET}'>{payload.format(ns.MAM)}</iq>"
                assert (await romeo.ask(asked)).get("type") == "error"

    play(body)


def test_what_is_announced() -> None:
    async def body(server: Server) -> None:
        [juliet] = await present(server, "juliet/balcony")
        for to in (JULIET, "localhost"):
            info = await juliet.ask(f"<iq type='get' id='i' to='{to}'><query xmlns='{ns.DISCO_INFO}'/></iq>")
            found = {feature.get("var") for query in info.elements() for feature in query.elements("feature")}
            assert found >= {
                "urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0",
                "urn:xmpp:message-retract:1", "urn:xmpp:message-retract:1#tombstone",
            }  # fmt: skip
        form = await juliet.ask(f"<iq type='get' id='f'><query xmlns='{ns.MAM}'/></iq>")
        assert "var='before-id'" in form.to_xml()

    play(body)


def test_the_first_and_the_last() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        asked = f"<iq type='get' id='m'><metadata xmlns='{ns.MAM}'/></iq>"
        assert f"<metadata xmlns='{ns.MAM}'/>" in (await juliet.ask(asked)).to_xml()
        romeo.send("".join([said(JULIET, str(number)) for number in range(3)]))
        ids = [mark_of(await juliet.receive())[0] for _ in range(3)]
        found = (await juliet.ask(asked)).child("metadata", ns.MAM)
        assert found is not None
        assert [(mark.name, mark.get("id")) for mark in found.elements()] == [("start", ids[0]), ("end", ids[2])]
        assert all((mark.get("timestamp") or "").endswith("Z") for mark in found.elements())

    play(body)


def test_what_is_taken_back_leaves_a_tombstone_on_both_sides() -> None:
    async def body(server: Server) -> None:
        romeo, nurse, juliet = await present(server, "romeo/orchard", "nurse/hall", "juliet/balcony")
        taken = f"<retract xmlns='{ns.RETRACT}' id='oh'/>"
        romeo.send(said(JULIET, "a mistake", id_="oh"))
        nurse.send(f"<message to='{JULIET}' type='chat' id='n1'>{taken}</message>")
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["a mistake", ""], "only who has said it may"
        romeo.send(f"<message to='{JULIET}' type='chat' id='r1'>{taken}</message>")
        await juliet.receive()
        for client in (juliet, romeo):
            found = [message for _, message in (await page(client))[0]]
            stone = found[0].child("retracted", ns.RETRACT)
            assert stone is not None
            assert (found[0].get("id"), stone.get("id")) == ("oh", "r1")
            assert "mistake" not in found[0].to_xml()
            assert found[-1].child("retract", ns.RETRACT) is not None, "the retraction itself stays"

    play(body)


def test_it_is_kept_for_as_long_as_the_configuration_says() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "old"))
        old = mark_of(await juliet.receive())[0]
        await server.clock.advance(timedelta(days=9))
        romeo.send(said(JULIET, "new"))
        await juliet.receive()
        assert await texts(juliet) == ["old", "new"]
        await server.clock.advance(timedelta(days=1, hours=2))
        await server.settle()
        assert await texts(juliet) == ["new"]
        _, error = await page(juliet, "", f"<after>{old}</after>")
        assert "<item-not-found " in error.to_xml()

    play(body, retention_days=10)


def test_the_archive_goes_with_its_account() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "hi"))
        await juliet.receive()
        await juliet.ask(f"<iq type='set' id='s'><prefs xmlns='{ns.MAM}' default='never'/></iq>")
        assert await removal.remove(JID.parse(JULIET))
        romeo.send(said(JULIET, "too late"))
        assert (await romeo.receive()).get("type") == "error"
        romeo.mark = len(romeo.seen)
        assert await texts(romeo) == ["hi", "too late"]
        assert await store.select(ARCHIVE, ("localhost", "juliet")) == []
        assert await store.select(PREFS, ("localhost", "juliet")) == []

    play(body)


def test_its_commands() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        assert (await server.command("archive show", account="juliet")).value["messages"] == 0
        romeo.send(said(JULIET, "a secret") + said(JULIET, "another"))
        await server.settle()
        shown = await server.command("archive show", account="juliet")
        assert shown.value["messages"] == 2
        assert "secret" not in str(shown)
        assert (await server.command("archive purge", account="juliet", days=1)).value == 0
        assert (await server.command("archive purge", account="juliet", days=0)).value == 2
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == []

    play(body)


@pytest.mark.parametrize("options", [{"default": "sometimes"}, {"retention_days": -1}])
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Options(**options)


# -- on disk before it is acknowledged


def test_nothing_is_acknowledged_before_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is full a request is refused that would acknowledge what came before; then all of it is there."""
    monkeypatch.setattr(durability, "PATIENCE", 0.05)
    state = {"full": False}
    write = writer.write

    def full(tx: Any, rows: Any) -> None:
        if state["full"]:
            raise StoreError("the disk is full")
        write(tx, rows)

    monkeypatch.setattr(writer, "write", full)

    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        state["full"] = True
        ping = "<iq type='get' id='p{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        romeo.send(said(JULIET, "hi"))
        assert "<resource-constraint " in (await romeo.ask(ping.format(1))).to_xml()
        state["full"] = False
        await server.clock.advance(2)
        assert (await romeo.ask(ping.format(2))).get("type") == "result"
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["hi"]

    play(body)


def test_while_there_is_no_writer_nothing_is_delivered() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        process.unregister(writer.name("localhost"))
        romeo.send(said(JULIET, "not kept"))
        assert "<resource-constraint " in (await romeo.receive()).to_xml()
        await server.settle()
        assert juliet.nothing_more()

    play(body)


# -- two workers


async def kept(client: RemoteClient) -> list[str]:
    await client.do("ask", "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    user, _, host = client.jid.partition("/")[0].partition("@")
    rows = await core_cluster.call(client.node, "column", ARCHIVE.name, "xml", host, user)
    return [row.split("<body>")[1].split("</body>")[0] for row in rows]


async def came(client: RemoteClient, count: int) -> list[str]:
    """The texts that have come to it, once they are so many."""
    found: list[str] = []
    for _ in range(1000):
        texts = await core_cluster.call(client.node, "texts", client.jid)
        found = [text.split("<body>")[1].split("</body>")[0] for text in texts if "<body>" in text]
        if len(found) >= count:
            return found
        await process.sleep(0.01)
    raise AssertionError(f"{client.jid} has {found}")


def test_the_archive_has_the_order_of_every_device_of_an_account_on_two_workers() -> None:
    async def body(cluster: CoreCluster) -> None:
        devices = [await cluster.client(name, f"{JULIET}/{name}") for name in ("w1", "w2")]
        senders = [await cluster.client(name, f"{name}@localhost/r") for name in ("w1", "w2")]
        for sender in senders:
            await core_cluster.call(sender.node, "flood", sender.jid, JULIET, 40)
        found = [await came(device, 80) for device in devices]
        assert found[0] == found[1]
        for sender in senders:
            assert await kept(sender) == [str(number) for number in range(40)]
        assert [await kept(device) for device in devices] == [found[0], found[0]]

    core_cluster.run(body, "w1", "w2", modules=("mod_mam",))
