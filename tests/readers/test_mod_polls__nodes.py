"""A poll on two workers is one process: it counts the votes of both, and refuses and answers across them."""

from __future__ import annotations

import re

from otp.erts import process
from tests.readers import mod_polls
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient, call
from tests.support.mesh import SECONDS

NAME, NS = mod_polls.__name__, mod_polls.NS
NODES = ("w1", "w2")
CREATE = f"<create xmlns='{NS}' question='?'><option>a</option><option>b</option></create>"


async def heard(client: RemoteClient, last: str) -> str:
    """All that the client got until this matched."""
    got = ""
    for _ in range(int(SECONDS * 50)):
        got += "".join(await client.do("take"))
        if re.search(last, got, re.DOTALL):
            return got
        await process.sleep(0.02)
    raise AssertionError(f"{client.jid} has not heard {last!r}: {got!r}")


async def create(client: RemoteClient) -> str:
    await client.do("send", f"<iq type='set' id='c' to='polls.localhost'>{CREATE}</iq>")
    found = re.search("jid='([^']*)'", await heard(client, "</iq>"))
    assert found is not None
    return found[1]


async def vote(client: RemoteClient, poll: str, number: int, then: str = "") -> None:
    await client.do("send", f"<message type='chat' to='{poll}'><body>{number}</body></message>")
    await heard(client, f"<voted [^>]*number='{number}'.*{then}")


async def close(client: RemoteClient, poll: str) -> str:
    await client.do("send", f"<iq type='set' id='x' to='{poll}'><close xmlns='{NS}'/></iq>")
    return await heard(client, "id='x'")


def test_a_poll_counts_the_votes_of_all_workers_and_is_closed_from_one() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo, juliet = (
            await cluster.client("w1", "romeo@localhost/r"),
            await cluster.client("w2", "juliet@localhost/j"),
        )
        for name in NODES:
            await cluster.until(name, romeo.jid, juliet.jid)
        places: set[str] = set()
        while places != set(NODES):
            poll = await create(romeo)
            pids = {await call(asked, "whereis_placed", NAME, "POLLS", poll) for asked in NODES}
            (node,) = {pid.node for pid in pids}
            assert len(pids) == 1
            if node in places:
                assert "type='result'" in await close(romeo, poll)
                continue
            places.add(node)
            await vote(romeo, poll, 1)
            await juliet.do("send", f"<presence to='{poll}'/>")
            await vote(juliet, poll, 2, "votes='1'>a.*votes='1'>b")
            assert "<forbidden" in await close(juliet, poll)
            assert "type='result'" in await close(romeo, poll)
            await heard(juliet, "<result [^>]*closed='true'")
            assert "<not-allowed" in await close(romeo, poll)

    core_cluster.run(body, *NODES, modules=(NAME,))
