"""The stages of one account while its sessions and those who write to it are on several nodes."""

from __future__ import annotations

from otp.erts import process
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient
from tests.support.stages import call

JULIET = "juliet@localhost"


def texts(stanzas: list[str]) -> list[str]:
    return [text.split("<body>")[1].split("</body>")[0] for text in stanzas if "<body>" in text]


async def say(client: RemoteClient, to: str, text: str) -> None:
    await client.do("send", f"<message to='{to}' type='chat'><body>{text}</body></message>")


async def got(client: RemoteClient, count: int) -> list[str]:
    """All that came to it, once that is `count` messages."""
    for _ in range(500):
        found = texts(await core_cluster.call(client.node, "texts", client.jid))
        if len(found) >= count:
            return found
        await process.sleep(0.01)
    raise AssertionError(f"{client.jid} has {found}")


async def archive_of(*nodes: str) -> dict[str, list[str]]:
    return {node: [text for _, text in await call(node, "archived")] for node in nodes}


def test_all_of_an_account_runs_on_the_node_of_its_oldest_session() -> None:
    async def body(cluster: CoreCluster) -> None:
        old = await cluster.client("w1", f"{JULIET}/old")
        new = await cluster.client("w2", f"{JULIET}/new")
        near, away = await cluster.client("w1", "a@localhost/r"), await cluster.client("w2", "b@localhost/r")
        for node in ("w1", "w2"):
            await call(node, "archive")
        for number in range(3):
            await say(near, JULIET, f"near {number}")
            await say(away, f"{JULIET}/new", f"away {number}")
        assert len(await got(new, 6)) == 6
        kept = await archive_of("w1", "w2")
        assert kept["w2"] == []
        assert sorted(kept["w1"]) == sorted([*[f"near {n}" for n in range(3)], *[f"away {n}" for n in range(3)]])
        assert await call("w2", "ids") == [f"w1-{n}" for n in range(1, 7)], "the id crosses, in the archive's order"
        assert texts(await core_cluster.call("w1", "texts", old.jid)) == [f"near {n}" for n in range(3)]

    core_cluster.run(body, "w1", "w2")


def test_the_order_holds_while_the_home_moves() -> None:
    """The oldest session ends while two nodes write to the account: nothing is lost, doubled, or in another order."""

    async def body(cluster: CoreCluster) -> None:
        old = await cluster.client("w1", f"{JULIET}/old")
        new = await cluster.client("w2", f"{JULIET}/new")
        senders = [await cluster.client("w1", "a@localhost/r"), await cluster.client("w2", "b@localhost/r")]
        for node in ("w1", "w2"):
            await call(node, "archive", True)
        for sender in senders:
            await core_cluster.call(sender.node, "flood", sender.jid, JULIET, 60)
        await process.sleep(0.02)
        await old.do("close")
        for sender in senders:
            while not await core_cluster.call(sender.node, "flooded", sender.jid):
                await process.sleep(0.01)
        came = await got(new, 120)
        kept = await archive_of("w1", "w2")
        assert len(kept["w1"] + kept["w2"]) == 120
        assert came == kept["w1"] + kept["w2"], "one home after the other, and each device in the archive's order"
        assert kept["w2"], "the home has moved"

    core_cluster.run(body, "w1", "w2")


def test_without_a_session_it_has_one_home_too_and_what_is_acknowledged_is_stored() -> None:
    async def body(cluster: CoreCluster) -> None:
        senders = [await cluster.client(node, f"{node}@localhost/r") for node in ("w1", "w2")]
        for node in ("w1", "w2"):
            await call(node, "archive", True)
        accounts = [f"away{n}@localhost" for n in range(8)]
        for name in accounts:
            await core_cluster.call("w1", "make", name)
        for sender in senders:
            for name in accounts:
                await say(sender, name, name)  # returns when the session has flushed what it gave away
        assert await core_cluster.call("w1", "stored") == 16
        kept = await archive_of("w1", "w2")
        assert sorted(kept["w1"] + kept["w2"]) == sorted([*accounts, *accounts])
        assert not set(kept["w1"]) & set(kept["w2"]), "each account at one place"
        assert kept["w1"], "and not all accounts at the same"
        assert kept["w2"]

    core_cluster.run(body, "w1", "w2")


def test_what_a_module_keeps_of_an_account_is_loaded_once_and_again_when_it_has_changed() -> None:
    async def body(cluster: CoreCluster) -> None:
        await cluster.client("w1", f"{JULIET}/j")
        romeo = await cluster.client("w2", "romeo@localhost/r")
        for node in ("w1", "w2"):
            await call(node, "store", "first")
            await call(node, "states")
        await say(romeo, JULIET, "1")
        await say(romeo, JULIET, "2")
        for node in ("w1", "w2"):
            await call(node, "store", "second")
        await call("w2", "changed", JULIET)
        await say(romeo, JULIET, "3")
        for _ in range(500):
            if len(await call("w1", "archived")) == 3:
                break
            await process.sleep(0.01)
        assert [tuple(one) for one in await call("w1", "archived")] == [("first", "1"), ("first", "2"), ("second", "3")]
        assert await call("w1", "loads") == 2

    core_cluster.run(body, "w1", "w2")


def test_what_a_client_asks_of_its_session_is_answered_where_that_is() -> None:
    """Its account's home is another node: the handler finds the session all the same."""

    async def body(cluster: CoreCluster) -> None:
        await cluster.client("w1", f"{JULIET}/old")
        for node in ("w1", "w2"):
            await call(node, "archive")
        await core_cluster.call("w2", "login_quietly", f"{JULIET}/new")
        new = RemoteClient("w2", f"{JULIET}/new")
        assert not await new.do("interested")
        await new.do("ask", "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        assert await new.do("interested")

    core_cluster.run(body, "w1", "w2")
