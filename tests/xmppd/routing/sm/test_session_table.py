"""The session table on several nodes, with real nodes and one store."""

from __future__ import annotations

from otp.erts import process
from otp.erts.pid import intern
from otp.stdlib import gen_server
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient, call
from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmppd.routing.session import Session
from xmppd.routing.sm import sm
from xmppd.routing.sm.messages import Delete, SmHello, Upsert


def presence(texts: list[str], kind: str, from_: str) -> list[str]:
    return [t for t in texts if t.startswith("<presence") and f"from='{from_}'" in t and kind in t]


def test_users_on_two_nodes_see_no_difference() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        await cluster.until("w1", romeo.jid, juliet.jid)
        await romeo.do("send", "<presence type='subscribe' to='juliet@localhost'/>")
        await juliet.do("send", "<presence type='subscribed' to='romeo@localhost'/>")
        await juliet.do("send", "<presence type='subscribe' to='romeo@localhost'/>")
        await romeo.do("send", "<presence type='subscribed' to='juliet@localhost'/>")
        await romeo.do("send", "<message to='juliet@localhost' type='chat'><body>&lt;&amp;</body></message>")
        await romeo.do("take")
        got = await juliet.do("take")
        assert presence(got, "<presence", "romeo@localhost/r")
        assert "<body>&lt;&amp;</body>" in got[-1]

    core_cluster.run(body, "w1", "w2")


def test_a_node_that_dies_takes_its_sessions_and_contacts_hear_of_it_once() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        nurse = await cluster.client("w3", "nurse@localhost/n")
        for friend in (juliet, nurse):
            await romeo.do("send", f"<presence type='subscribed' to='{friend.jid.split('/')[0]}'/>")
            await friend.do("send", "<presence type='subscribe' to='romeo@localhost'/>")
            await friend.do("take")
        cluster.kill("w1")
        await cluster.until("w2", juliet.jid, nurse.jid)
        await cluster.until("w3", juliet.jid, nurse.jid)
        for friend in (juliet, nurse):
            got: list[str] = []
            while not presence(got, "type='unavailable'", "romeo@localhost/r"):
                got += await friend.do("take")
            got += await friend.do("take")
            assert len(presence(got, "type='unavailable'", "romeo@localhost/r")) == 1

    core_cluster.run(body, "w1", "w2", "w3")


def test_the_newest_session_wins_wherever_it_is() -> None:
    async def body(cluster: CoreCluster) -> None:
        old = await cluster.client("w1", "romeo@localhost/r")
        await cluster.until("w2", old.jid)
        await cluster.client("w2", "romeo@localhost/r")
        assert await call("w1", "ended", old.jid) == "Replaced"
        await cluster.until("w1", old.jid)
        await cluster.until("w2", old.jid)

    core_cluster.run(body, "w1", "w2")


def test_the_oldest_sessions_give_way_wherever_the_newest_are() -> None:
    async def body(cluster: CoreCluster) -> None:
        jids = [f"romeo@localhost/{i}" for i in range(13)]
        for number, jid in enumerate(jids):
            await cluster.client(f"w{number % 2 + 1}", jid)
        await cluster.until("w1", *jids[3:])
        await cluster.until("w2", *jids[3:])

    core_cluster.run(body, "w1", "w2")


def test_a_manager_that_crashes_learns_of_the_other_nodes_again() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        await cluster.until("w1", romeo.jid, juliet.jid)
        await call("w1", "crash", "sm")
        await romeo.do("send", "<message to='juliet@localhost' type='chat'><body>hi</body></message>")
        await cluster.until("w1", romeo.jid, juliet.jid)
        await cluster.until("w2", romeo.jid, juliet.jid)
        assert "<body>hi</body>" in (await juliet.do("take"))[-1]

    core_cluster.run(body, "w1", "w2")


def test_a_node_that_has_missed_news_asks_for_all() -> None:
    async def body(cluster: CoreCluster) -> None:
        one = await cluster.client("w1", "romeo@localhost/1")
        await cluster.until("w2", one.jid)
        await call("w1", "mute", True)
        two = await cluster.client("w1", "romeo@localhost/2")
        await one.do("close")
        await cluster.until("w1", two.jid)
        await call("w1", "mute", False)
        assert await call("w2", "names") == [one.jid], "it has heard of neither"
        three = await cluster.client("w1", "romeo@localhost/3")
        await cluster.until("w2", two.jid, three.jid)

    core_cluster.run(body, "w1", "w2")


def test_of_news_that_come_twice_or_too_late_the_first_or_newest_counts() -> None:
    async def body(core: CoreServer) -> None:
        sm_pid = process.whereis("sm")
        assert sm_pid is not None
        row = Session(JID.parse("romeo@localhost/r"), intern("w9", 1, 1), (1, 1))
        process.send(sm_pid, SmHello(intern("w9", 1, 2), (), 6))
        for news in (
            Upsert(row, 7),
            Upsert(row._replace(priority=3), 8),
            Upsert(row, 7),
            SmHello(intern("w9", 1, 2), (), 6),
            Upsert(row._replace(priority=5), 8),
        ):
            process.send(sm_pid, news)
        assert await gen_server.call("sm", "are all of them heard?") is None
        assert sm.sessions("romeo@localhost") == (row._replace(priority=3),)
        process.send(sm_pid, Delete(row.jid, row.pid, 9))
        process.send(sm_pid, Upsert(row, 7))
        assert await gen_server.call("sm", "are all of them heard?") is None
        assert sm.sessions("romeo@localhost") == ()

    play(body)


async def friends(cluster: CoreCluster) -> tuple[RemoteClient, RemoteClient]:
    """Romeo on one node, who is seen by Juliet on the other."""
    romeo = await cluster.client("w1", "romeo@localhost/r")
    juliet = await cluster.client("w2", "juliet@localhost/j")
    await cluster.until("w1", romeo.jid, juliet.jid)
    await romeo.do("send", "<presence type='subscribed' to='juliet@localhost'/>")
    await juliet.do("send", "<presence type='subscribe' to='romeo@localhost'/>")
    await texts_until(juliet, f"from='{romeo.jid}'")
    await romeo.do("send", "<message to='juliet@localhost' type='chat'><body>friends</body></message>")
    await texts_until(juliet, "friends")
    return romeo, juliet


async def texts_until(client: RemoteClient, wanted: str) -> list[str]:
    got: list[str] = []
    while not any(wanted in text for text in got):
        got += await client.do("take")
    return got


def test_a_link_that_is_back_soon_costs_nobody_anything() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo, juliet = await friends(cluster)
        await call("w2", "cut", "", 10.0)
        await call("w1", "cut", "w2", 10.0)
        await romeo.do("send", "<message to='juliet@localhost' type='chat'><body>in the gap</body></message>")
        got = await texts_until(juliet, "in the gap")
        assert not any("unavailable" in text or "delay" in text for text in got)
        await cluster.until("w1", romeo.jid, juliet.jid)
        await cluster.until("w2", romeo.jid, juliet.jid)

    core_cluster.run(body, "w1", "w2")


def test_nobody_waits_for_who_has_left_while_it_could_not_be_heard() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        await cluster.until("w2", romeo.jid)
        await call("w2", "flag", romeo.jid)
        await call("w2", "cut", "", 10.0)
        await call("w1", "cut", "w2", 10.0)
        await cluster.until("w2", romeo.jid)
        for _ in range(500):
            if not await call("w2", "flagged"):
                break
            await process.sleep(0.01)
        assert await call("w2", "flagged") == []

    core_cluster.run(body, "w1", "w2")


def test_who_was_given_up_and_lives_is_announced_again() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo, juliet = await friends(cluster)
        for _ in range(2):
            await call("w2", "cut", "", 0.0)
            await call("w1", "cut", "w2", 0.0)
            got: list[str] = []
            while len(kinds := ["unavailable" in text for text in presence(got, "", romeo.jid)]) < 2:
                got += await juliet.do("take")
            assert kinds == [True, False], "gone, and back"

    core_cluster.run(body, "w1", "w2")
