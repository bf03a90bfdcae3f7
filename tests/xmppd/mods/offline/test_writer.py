"""Batches on their way to the disk."""

from dataclasses import replace

from otp.erts import process
from otp.stdlib import gen_server
from tests.support.core_server import CoreServer, config_of, play
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.mods import mod_roster
from xmppd.mods.offline import writer
from xmppd.mods.offline.tables import OFFLINE
from xmppd.mods.offline.writer import StoreMessage
from xmppd.routing.deliver import Deliver
from xmppd.routing.durability import Sync
from xmppd.store import store

JULIET = JID.parse("juliet@localhost")
ROMEO = JID.parse("romeo@localhost/r")


def test_sync_is_answered_when_all_before_is_stored() -> None:
    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        await core.account("juliet@localhost")
        for i in range(250):
            gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, str(i), from_=ROMEO), 100))
        await gen_server.call(name, Sync())
        rows = await store.select(OFFLINE, ("localhost", "juliet"))
        assert [row.seq - rows[0].seq for row in rows] == list(range(250))
        assert "<body>249</body>" in rows[-1].xml

    play(body)


def test_nothing_is_kept_for_an_account_that_was_removed_meanwhile() -> None:
    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        romeo = await core.login("romeo@localhost/r")
        gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, "too late", from_=ROMEO), 100))
        await gen_server.call(name, Sync())
        await core.settle()
        (text,) = romeo.take()
        assert "service-unavailable" in text
        assert await store.count(OFFLINE) == 0

    play(body)


def test_who_came_meanwhile_is_told_before_the_sender_hears_that_it_is_stored() -> None:
    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        juliet = await core.login("juliet@localhost/j")
        gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, "late", from_=ROMEO), 100))
        await gen_server.call(name, Sync())
        process.send(juliet.pid, Deliver(make_message(JULIET, "live", from_=ROMEO)))
        await core.settle()
        late, live = juliet.take()
        assert "<body>late</body>" in late
        assert "<body>live</body>" in live

    play(body)


def test_a_stranger_fills_half_and_a_contact_the_rest() -> None:
    """Whose sender is a contact is asked of the roster only where it decides, and the order stays."""

    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        await core.account("juliet@localhost")
        await mod_roster.roster_add("juliet@localhost", "romeo@localhost")
        tybalt = JID.parse("tybalt@localhost/t")
        for i in range(12):
            sender = ROMEO if i % 2 else tybalt
            gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, str(i), from_=sender), 100))
        await gen_server.call(name, Sync())
        rows = await store.select(OFFLINE, ("localhost", "juliet"))
        bodies = [row.xml.partition("<body>")[2].partition("<")[0] for row in rows]
        assert bodies == ["0", "1", "2", "3", "4", "5", "7", "9", "11"]

    config = replace(config_of(), modules={"mod_roster": {}, "mod_offline": {"max_messages": 10}})
    play(body, config)


def test_what_came_back_keeps_its_time() -> None:
    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        await core.account("juliet@localhost")
        gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, "then", from_=ROMEO), 100, 1_000_000_000_500))
        await gen_server.call(name, Sync())
        (row,) = await store.select(OFFLINE, ("localhost", "juliet"))
        assert row.stamp == 1_000_000_000_500

    play(body)


def test_each_of_many_who_wait_is_answered_once_its_own_is_stored() -> None:
    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        await core.account("juliet@localhost")

        async def sender(i: int) -> list[bool]:
            found = []
            for k in range(3):
                text = f"from {i}, {k}"
                gen_server.cast(name, StoreMessage(JULIET, make_message(JULIET, text, from_=ROMEO), 100))
                await gen_server.call(name, Sync())
                rows = await store.select(OFFLINE, ("localhost", "juliet"))
                found.append(any(f"<body>{text}</body>" in row.xml for row in rows))
            return found

        me = process.self_()

        async def told(i: int) -> None:
            process.send(me, await sender(i))

        for i in range(5):
            process.spawn(told, i)
        assert [await process.receive() for _ in range(5)] == [[True] * 3] * 5
        assert await store.count(OFFLINE) == 15

    play(body)


def test_what_nobody_waits_for_is_stored_soon() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        gen_server.cast(writer.name("localhost"), StoreMessage(JULIET, make_message(JULIET, "soon", from_=ROMEO), 100))
        while not await store.count(OFFLINE):
            await process.sleep(writer.GATHER)

    play(body)
