"""Rooms on several workers: one process each, messages cross once, and what becomes of a room whose worker goes."""

from __future__ import annotations

import re

from otp.erts import process
from otp.erts.pid import Pid
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient, call
from tests.support.mesh import SECONDS
from tests.support.muc_room import submit
from xmpp_core import ns
from xmppd.routing.placement import node_for

NAME = "xmppd.mods.mod_muc"
ROMEO, JULIET = "romeo@localhost/r", "juliet@localhost/j"
NODES = ("w1", "w2")


def room_at(name: str, nodes: tuple[str, ...] = NODES) -> str:
    """A room that belongs to this node."""
    keys = (f"den{number}@conference.localhost" for number in range(100))
    return next(key for key in keys if node_for(key, nodes) == name)


async def where(asked: str, room: str) -> Pid:
    pid: Pid = await call(asked, "whereis_placed", NAME, "ROOMS", room)
    return pid


async def join(client: RemoteClient, room: str) -> str:
    nick = client.jid.partition("@")[0]
    await client.do("send", f"<presence to='{room}/{nick}'><x xmlns='{ns.MUC}'/></presence>")
    return await heard(client, "<subject")


async def say(client: RemoteClient, room: str, *texts: str) -> None:
    for text in texts:
        await client.do("send", f"<message type='groupchat' to='{room}' id='{text}'><body>{text}</body></message>")


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


async def both(cluster: CoreCluster, room: str, *fields: tuple[str, str]) -> tuple[RemoteClient, RemoteClient]:
    romeo, juliet = await cluster.client("w1", ROMEO), await cluster.client("w2", JULIET)
    for name in NODES:
        await cluster.until(name, ROMEO, JULIET)
    await join(romeo, room)
    form = submit(dict(fields))
    await romeo.do("send", f"<iq type='set' id='o' to='{room}'><query xmlns='{ns.MUC_OWNER}'>{form}</query></iq>")
    await heard(romeo, "type='result'")
    await join(juliet, room)
    await heard(romeo, f"from='{room}/juliet'")
    return romeo, juliet


def test_a_room_is_one_process_and_all_hear_all_in_one_order() -> None:
    async def body(cluster: CoreCluster) -> None:
        for name in NODES:
            room = room_at(name)
            romeo, juliet = await both(cluster, room)
            assert {(await where(asked, room)).node for asked in NODES} == {name}
            for text in "abc":
                await say(romeo, room, text)
                await say(juliet, room, text.upper())
            one, two = bodies(await heard(romeo, "<body>C</body>")), bodies(await heard(juliet, "<body>C</body>"))
            assert sorted(one) == sorted("abcABC")
            assert one == two, "all hear it in one order"
            kick = f"<query xmlns='{ns.MUC_ADMIN}'><item nick='juliet' role='none'/></query>"
            await romeo.do("send", f"<iq type='set' id='k' to='{room}'>{kick}</iq>")
            assert "code='307'" in await heard(juliet, "code='110'")
            await romeo.do("close")
            await juliet.do("close")

    core_cluster.run(body, *NODES, modules=(NAME,))


def test_a_room_whose_worker_is_killed_goes_on_with_the_occupants_of_the_others() -> None:
    async def body(cluster: CoreCluster) -> None:
        room = room_at("w2")
        romeo, _ = await both(cluster, room, ("persistentroom", "1"), ("roomname", "Tea"))
        await say(romeo, room, "before")
        await heard(romeo, "<body>before</body>")
        cluster.kill("w2")
        got = ""
        for number in range(int(SECONDS * 10)):
            await say(romeo, room, f"after{number}")
            got += "".join(await romeo.do("take"))
            if "<body>after" in got:
                break
            await process.sleep(0.1)
        else:
            raise AssertionError("the room is gone with its worker")
        assert (await where("w1", room)).node == "w1"
        assert "not-acceptable" not in got, "who was in the room still is"
        gone = f"<presence from='{room}/juliet' type='unavailable'"
        if gone not in got:
            await heard(romeo, gone)
        paris = await cluster.client("w1", "paris@localhost/p")
        got = await join(paris, room)
        assert "juliet" not in got, "whose session has died is not there"
        assert f"from='{room}/romeo'" in got
        assert bodies(got)[0] == "before"

    core_cluster.run(body, *NODES, modules=(NAME,))


def test_a_room_moves_to_a_worker_that_comes_and_nobody_leaves_it() -> None:
    async def body(cluster: CoreCluster) -> None:
        room = room_at("w2")
        romeo = await cluster.client("w1", ROMEO)
        await join(romeo, room)
        form = submit({})
        await romeo.do("send", f"<iq type='set' id='o' to='{room}'><query xmlns='{ns.MUC_OWNER}'>{form}</query></iq>")
        await heard(romeo, "type='result'")
        assert (await where("w1", room)).node == "w1"
        cluster.start("w2")
        count = 0
        while (await where("w1", room)).node == "w1":
            count += 1
            await say(romeo, room, str(count))
        await cluster.until("w2", ROMEO)
        await say(romeo, room, "last")
        said = bodies(await heard(romeo, "<body>last</body>"))
        assert [text for text in said if text.isdigit()] == [str(n + 1) for n in range(count)], "none is lost"
        juliet = await cluster.client("w2", JULIET)
        got = await join(juliet, room)
        assert f"from='{room}/romeo'" in got
        assert bodies(got) == [*map(str, range(1, count + 1)), "last"][-20:]

    core_cluster.run(body, "w1", modules=(NAME,), later="w2")
