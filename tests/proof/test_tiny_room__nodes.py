"""Rooms on several workers: one process each, wherever its occupants are, also when a worker comes or goes."""

from __future__ import annotations

import re

from otp.erts import process
from otp.erts.pid import Pid
from tests.proof import mod_tiny_room
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient, call
from tests.support.mesh import SECONDS
from xmppd.routing.placement import node_for

NAME = mod_tiny_room.__name__
ROMEO, JULIET = "romeo@localhost/r", "juliet@localhost/j"
NODES = ("w1", "w2")


def room_at(name: str) -> str:
    """A room that belongs to this node of the two."""
    keys = (f"den{number}@rooms.localhost" for number in range(100))
    return next(key for key in keys if node_for(key, NODES) == name)


async def where(asked: str, room: str) -> Pid:
    pid: Pid = await call(asked, "whereis_placed", NAME, "ROOMS", room)
    return pid


async def join(client: RemoteClient, room: str) -> str:
    nick = client.jid.partition("@")[0]
    await client.do("send", f"<presence to='{room}/{nick}'/>")
    return await heard(client, f"from='{room}/{nick}'")


async def say(client: RemoteClient, room: str, *texts: str) -> None:
    for text in texts:
        await client.do("send", f"<message type='groupchat' to='{room}'><body>{text}</body></message>")


async def heard(client: RemoteClient, last: str) -> str:
    """All that the client got until this came."""
    got = ""
    for _ in range(int(SECONDS * 50)):
        got += "".join(await client.do("take"))
        if last in got:
            return got
        await process.sleep(0.02)
    raise AssertionError(f"{client.jid} has not heard {last!r}: {got!r}")


def bodies(got: str) -> list[str]:
    return re.findall("<body>(.*?)</body>", got)


async def both(cluster: CoreCluster, room: str) -> tuple[RemoteClient, RemoteClient]:
    romeo, juliet = await cluster.client("w1", ROMEO), await cluster.client("w2", JULIET)
    for name in NODES:
        await cluster.until(name, ROMEO, JULIET)
    await join(romeo, room)
    await join(juliet, room)
    return romeo, juliet


def test_a_room_is_one_process_wherever_it_is_asked_for() -> None:
    async def body(cluster: CoreCluster) -> None:
        for name in NODES:
            room = room_at(name)
            romeo, juliet = await both(cluster, room)
            pids = {await where(asked, room) for asked in NODES}
            assert [pid.node for pid in pids] == [name]
            for text in "abc":
                await say(romeo, room, text)
                await say(juliet, room, text.upper())
            one, two = bodies(await heard(romeo, "<body>C</body>")), bodies(await heard(juliet, "<body>C</body>"))
            assert sorted(one) == sorted("abcABC")
            assert one == two, "all hear it in one order"
            await say(romeo, "nowhere@rooms.localhost", "x")
            assert "<not-acceptable " in await heard(romeo, "type='error'")
            await romeo.do("close")
            await juliet.do("close")

    core_cluster.run(body, *NODES, modules=(NAME,))


def test_a_room_survives_its_process_and_its_node() -> None:
    async def body(cluster: CoreCluster) -> None:
        room = room_at("w2")
        romeo, juliet = await both(cluster, room)
        pid = await where("w1", room)
        process.exit_(pid, "kill")
        await say(romeo, room, "killed")
        assert "<body>killed</body>" in await heard(juliet, "killed")
        assert (await where("w1", room)).node == "w2"
        await heard(romeo, "killed")
        cluster.kill("w2")
        for number in range(int(SECONDS * 10)):
            await say(romeo, room, f"after {number}")
            got = "".join(await romeo.do("take"))
            if f"{room}/romeo" in got and "<body>after" in got:
                break
            await process.sleep(0.1)
        else:
            raise AssertionError("the room is gone with its node")
        assert (await where("w1", room)).node == "w1"

    core_cluster.run(body, *NODES, modules=(NAME,))


def test_a_room_moves_to_a_node_that_comes_and_takes_along_what_it_knows() -> None:
    async def body(cluster: CoreCluster) -> None:
        room, other = room_at("w2"), room_at("w1")
        romeo = await cluster.client("w1", ROMEO)
        for one in (room, other):
            await join(romeo, one)
            await say(romeo, one, "before")
        await heard(romeo, f"from='{other}/romeo'")
        pid, kept = await where("w1", room), await where("w1", other)
        assert {pid.node, kept.node} == {"w1"}
        cluster.start("w2")
        count = 0
        while (await where("w1", room)).node == "w1":
            count += 1
            await say(romeo, room, str(count))
        await cluster.until("w2", ROMEO)
        assert (await where("w2", other)) is kept, "what has not moved stays"
        await say(romeo, room, "last")
        said = bodies(await heard(romeo, "<body>last</body>"))
        assert [text for text in said if text.isdigit()] == [str(n + 1) for n in range(count)], "none is lost"
        juliet = await cluster.client("w2", JULIET)
        got = await join(juliet, room)
        await say(romeo, room, "end")
        history = ["before", *map(str, range(1, count + 1)), "last"][-5:]
        assert bodies(got + await heard(juliet, "<body>end</body>")) == [*history, "end"]

    core_cluster.run(body, "w1", modules=(NAME,), later="w2")


def test_a_node_that_goes_in_order_hands_over() -> None:
    async def body(cluster: CoreCluster) -> None:
        room = room_at("w2")
        romeo, _ = await both(cluster, room)
        await say(romeo, room, "before")
        await heard(romeo, "before")
        await call("w2", "stop_mod", NAME)
        assert (await where("w1", room)).node == "w1"
        paris = await cluster.client("w1", "paris@localhost/p")
        got = await join(paris, room)
        await say(romeo, room, "after")
        assert bodies(got + await heard(paris, "after")) == ["before", "after"]

    core_cluster.run(body, *NODES, modules=(NAME,))


def test_a_room_that_ran_twice_while_a_link_was_broken_is_one_again() -> None:
    async def body(cluster: CoreCluster) -> None:
        room = room_at("w2")
        romeo, juliet = await both(cluster, room)
        await call("w2", "cut", "", SECONDS)
        await call("w1", "cut", "w2", SECONDS)  # it is dialled again at once
        for number in range(20):
            await say(romeo, room, f"r{number}")
            await say(juliet, room, f"j{number}")
        for _ in range(int(SECONDS * 50)):
            pids = [await where(asked, room) for asked in NODES]
            if pids[0] is pids[1] and pids[0].node == "w2":
                break
            await process.sleep(0.02)
        else:
            raise AssertionError("there are two rooms")
        await say(romeo, room, "end")
        for client in (romeo, juliet):
            said = bodies(await heard(client, "<body>end</body>"))
            assert len(said) == len(set(said)), "nothing is said twice"

    core_cluster.run(body, *NODES, modules=(NAME,))
