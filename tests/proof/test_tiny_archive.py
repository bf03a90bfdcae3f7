"""An archive in one file: its table, the id in the context, nothing acknowledged before it is stored, its command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from tests.proof import mod_tiny_archive
from tests.proof.mod_tiny_archive import CHOICE, KEPT, NS, Kept
from tests.support import core_cluster, core_server, node
from tests.support.core_cluster import CoreCluster, RemoteClient
from tests.support.core_server import CoreServer
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.auth import auth
from xmppd.routing import durability
from xmppd.routing.account import removal
from xmppd.store import store
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.schema import Schema
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

JULIET = "juliet@localhost"
QUERY = f"<iq type='get' id='q{{}}'><query xmlns='{NS}' after='{{}}'/></iq>"


def play(body: Any, **options: Any) -> None:
    async def whole() -> None:
        async with serve(modules={mod_tiny_archive: options, "mod_mam": False}) as server:
            await body(server)

    node.run(whole)


async def present(server: Server, *jids: str) -> list[Client]:
    clients = [await server.client(*jid.split("/")) for jid in jids]
    for client in clients:
        client.send("<presence/>")
    await server.settle()
    for client in clients:
        client.mark = len(client.seen)
    return clients


def said(to: str, text: str, inside: str = "", type_: str = "chat") -> str:
    return f"<message to='{to}' type='{type_}'><body>{text}</body>{inside}</message>"


async def archive(client: Client, after: str = "0") -> list[tuple[str, str]]:
    """(id, text) of what the client's account has in its archive."""
    answer = await client.ask(QUERY.format(after, after))
    query = answer.child("query", NS)
    assert query is not None, answer.to_xml()
    return [(result.attrs["id"], inner(result).child_text("body") or "") for result in query.elements("result")]


def inner(result: Element) -> Element:
    message = result.child("message", ns.CLIENT)
    assert message is not None
    return message


def mark_of(message: Element, by: str = JULIET) -> list[str | None]:
    return [mark.get("id") for mark in message.elements("stanza-id", ns.STANZA_ID) if mark.get("by") == by]


# -- one worker


def test_both_sides_are_kept_in_order_and_the_recipient_is_told_the_id() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "1") + said(juliet.jid, "2"))
        first, second = await juliet.receive(), await juliet.receive()
        juliet.send(said(romeo.jid, "3"))
        third = await romeo.receive()
        hers, his = await archive(juliet), await archive(romeo)
        assert [text for _, text in hers] == [text for _, text in his] == ["1", "2", "3"]
        assert [mark_of(first), mark_of(second)] == [[id_] for id_, _ in hers[:2]]
        assert mark_of(third, "romeo@localhost") == [his[2][0]]
        assert mark_of(third) == [], "her id is her own"
        assert [text for _, text in await archive(juliet, hers[0][0])] == ["2", "3"]

    play(body)


def test_an_answer_is_a_page_and_the_last_id_leads_to_the_next() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send("".join([said(JULIET, str(number)) for number in range(5)]))
        seen: list[str] = []
        after = "0"
        while page := await archive(juliet, after):
            assert len(page) <= 2
            seen += [text for _, text in page]
            after = page[-1][0]
        assert seen == list("01234")

    play(body, page=2)


def test_what_is_forged_goes_and_what_others_have_marked_stays() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        marks = "".join(f"<stanza-id xmlns='{ns.STANZA_ID}' id='x' by='{by}'/>" for by in (JULIET, "room@elsewhere"))
        romeo.send(said(JULIET, "hi", marks))
        message = await juliet.receive()
        [(id_, _)] = await archive(juliet)
        assert mark_of(message) == [id_]
        assert mark_of(message, "room@elsewhere") == ["x"]
        romeo.send(f"<message to='{JULIET}' type='headline'><body>news</body>{marks}</message>")
        assert mark_of(await juliet.receive()) == [], "nor on what is not kept"

    play(body)


def test_what_is_not_kept() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        await server.account("nobody")
        romeo.send(said(JULIET, "no", f"<no-store xmlns='{ns.HINTS}'/>") + said(JULIET, "news", type_="headline"))
        romeo.send(f"<message to='{JULIET}' type='chat'><active xmlns='{ns.CHATSTATES}'/></message>")
        romeo.send(said("stranger@localhost", "to no account"))
        romeo.send(said(juliet.jid, "yes"))
        juliet.send(said(JULIET, "to myself"))
        await server.settle()
        assert sorted(text for _, text in await archive(juliet)) == ["to myself", "yes"]
        assert await store.select(KEPT, ("localhost", "stranger")) == []

    play(body)


def test_an_account_chooses_whom_it_does_not_keep() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "before"))
        choice = f"<iq type='set' id='n'><never xmlns='{NS}'><jid>Romeo@localhost/x</jid></never></iq>"
        assert (await juliet.ask(choice)).get("type") == "result"
        romeo.send(said(JULIET, "after"))
        juliet.send(said("romeo@localhost", "answer"))
        assert [text for _, text in await archive(juliet)] == ["before"]
        assert [text for _, text in await archive(romeo)] == ["before", "after", "answer"], "he keeps what he likes"
        told = await juliet.ask(f"<iq type='get' id='g'><never xmlns='{NS}'/></iq>")
        assert [jid.text() for el in told.elements("never", NS) for jid in el.elements()] == ["romeo@localhost"]

    play(body)


def test_nobody_reads_what_is_another_s_or_asks_nonsense() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        others = await romeo.ask(f"<iq type='get' id='o' to='{JULIET}'><query xmlns='{NS}'/></iq>")
        wrong = await juliet.ask(QUERY.format("w", "yesterday"))
        malformed = await juliet.ask(f"<iq type='set' id='m'><never xmlns='{NS}'><jid>@</jid></never></iq>")
        assert [answer.get("type") for answer in (others, wrong, malformed)] == ["error"] * 3
        places = {"localhost": False, JULIET: True}
        for to, announced in places.items():
            info = await juliet.ask(f"<iq type='get' id='i' to='{to}'><query xmlns='{ns.DISCO_INFO}'/></iq>")
            assert (f"var='{NS}'" in info.to_xml()) is announced, "an account has an archive, its server none"

    play(body)


def test_the_archive_goes_with_its_account() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "hi"))
        await juliet.ask(f"<iq type='set' id='n'><never xmlns='{NS}'><jid>a@b</jid></never></iq>")
        assert len(await archive(juliet)) == 1
        assert await removal.remove(JID.parse(JULIET))
        romeo.send(said(JULIET, "too late"))
        assert [text for _, text in await archive(romeo)] == ["hi", "too late"]
        assert await store.select(KEPT, ("localhost", "juliet")) == []
        assert await store.select(CHOICE, ("localhost", "juliet")) == []
        await auth.create_user("juliet", "localhost", "secret")
        [again] = await present(server, "juliet/balcony")
        assert await archive(again) == []

    play(body)


def test_its_command() -> None:
    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "a secret"))
        juliet.send(said(romeo.jid, "indeed"))
        [(first, _), (second, _)] = await archive(juliet)
        rows = (await server.command("archive show", account="juliet")).value
        assert [(row["id"], row["sent"], row["peer"]) for row in rows] == [
            (int(first), False, "romeo@localhost"),
            (int(second), True, "romeo@localhost"),
        ]
        assert "secret" not in str(rows)
        page = await server.command("archive show", account="juliet", most=1, after=int(first))
        assert [row["id"] for row in page.value] == [int(second)]

    play(body)


# -- on disk before it is acknowledged


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Called with True: from now on the store takes no message."""
    state = {"fails": False}
    write = mod_tiny_archive._write

    def full(tx: Any, rows: list[Kept]) -> None:
        if state["fails"]:
            raise StoreError("the disk is full")
        write(tx, rows)

    monkeypatch.setattr(mod_tiny_archive, "_write", full)
    return lambda fails: state.update(fails=fails)


def test_nothing_is_acknowledged_before_it_is_stored(
    failing: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store is full a request is refused that would acknowledge what came before; then all of it is there."""
    monkeypatch.setattr(durability, "PATIENCE", 0.05)

    async def body(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        failing(True)
        ping = "<iq type='get' id='p{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        romeo.send(said(JULIET, "hi"))
        refused = await romeo.ask(ping.format(1))
        assert "<resource-constraint " in refused.to_xml()
        failing(False)
        await server.clock.advance(2)
        assert (await romeo.ask(ping.format(2))).get("type") == "result"
        assert [text for _, text in await archive(juliet)] == ["hi"]

    play(body)


def test_while_there_is_no_writer_nothing_is_delivered() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login(f"{JULIET}/j")
        writer = process.whereis("tiny_archive@localhost")
        assert writer is not None
        process.unregister("tiny_archive@localhost")
        await romeo.send(said(JULIET, "not kept"))
        assert "<resource-constraint " in romeo.take()[0]
        assert juliet.take() == []

    core_server.play(body, core_server.config_of((*core_server.MODULES, "tests.proof.mod_tiny_archive")))


def test_its_tables_are_made_by_each_kind_of_store(tmp_path: Path) -> None:
    schemas = [Schema("tests.proof.mod_tiny_archive", mod_tiny_archive.MIGRATIONS)]
    row = Kept("localhost", "juliet", 1, "romeo@localhost", True, "<message/>")

    async def body() -> None:
        for where in (StoreConfig("memory"), StoreConfig("sqlite", str(tmp_path / "store.sqlite3"))):
            backend = store.open_backend(where, schemas)
            await backend.transaction(lambda tx: tx.write(row))
            assert [astuple(one) for one in await backend.select(KEPT, ("localhost", "juliet"))] == [astuple(row)]
            backend.close()

    node.run(body)


# -- two workers


MODULES = ("tests.proof.mod_tiny_archive",)


async def came(client: RemoteClient, count: int) -> list[str]:
    """The texts that have come to it, once they are so many."""
    for _ in range(500):
        found = await core_cluster.call(client.node, "texts", client.jid)
        texts = [text.split("<body>")[1].split("</body>")[0] for text in found if "<body>" in text]
        if len(texts) >= count:
            return texts
        await process.sleep(0.01)
    raise AssertionError(f"{client.jid} has {texts}")


async def kept(client: RemoteClient) -> list[str]:
    answer = await client.do("ask", QUERY.format("", 0))
    return [text.split("</body>")[0] for text in answer.split("<body>")[1:]]


def test_the_archive_has_the_order_of_every_device_of_an_account_on_two_workers() -> None:
    async def body(cluster: CoreCluster) -> None:
        devices = [await cluster.client(name, f"{JULIET}/{name}") for name in ("w1", "w2")]
        senders = [await cluster.client(name, f"{name}@localhost/r") for name in ("w1", "w2")]
        for sender in senders:
            await core_cluster.call(sender.node, "flood", sender.jid, JULIET, 40)
        texts = [await came(device, 80) for device in devices]
        assert texts[0] == texts[1]
        archives = [await kept(device) for device in devices]
        assert archives == [texts[0], texts[0]], "asked on either worker, at once"
        for sender in senders:
            assert await kept(sender) == [str(number) for number in range(40)]

    core_cluster.run(body, "w1", "w2", modules=MODULES)


def test_what_one_worker_has_acknowledged_another_has_stored() -> None:
    """Her home is w1, his is w2: the answer to his next request comes when both archives have what he said."""

    async def body(cluster: CoreCluster) -> None:
        await cluster.client("w1", f"{JULIET}/j")
        romeo = await cluster.client("w2", "romeo@localhost/r")
        for number in range(3):
            await romeo.do("send", said(JULIET, str(number)))
            await romeo.do("ask", "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            for user in ("juliet", "romeo"):
                assert len(await core_cluster.call("w1", "rows", KEPT.name, "localhost", user)) == number + 1

    core_cluster.run(body, "w1", "w2", modules=MODULES)


def test_the_choice_of_an_account_holds_on_every_worker() -> None:
    async def body(cluster: CoreCluster) -> None:
        await cluster.client("w1", f"{JULIET}/old")
        new = await cluster.client("w2", f"{JULIET}/new")
        romeo = await cluster.client("w2", "romeo@localhost/r")
        await romeo.do("send", said(JULIET, "before"))
        await new.do("ask", f"<iq type='set' id='n'><never xmlns='{NS}'><jid>romeo@localhost</jid></never></iq>")
        await romeo.do("send", said(JULIET, "after"))
        await came(new, 2)
        assert await kept(new) == ["before"]

    core_cluster.run(body, "w1", "w2", modules=MODULES)
