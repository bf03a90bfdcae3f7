"""Whatever lies between two users (store, hand-over, another resource), messages keep their order (RFC 6120 §10.1).

A sender numbers its messages and never pauses while the recipient comes and goes. At each client the numbers rise,
and between them the clients and the store have all.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otp.erts import process
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient, call
from tests.support.core_server import CoreServer, Say, play
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, Stanza, make_message, make_presence
from xmppd.mods.offline.tables import OFFLINE
from xmppd.routing.sm import flags
from xmppd.store import store

COUNT = 1500
PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"
JULIET = JID.parse("juliet@localhost")


def number(text: str) -> int:
    return int(text.split("<body>")[1].split("</body>")[0])


def numbers(texts: Sequence[str]) -> list[int]:
    return [number(t) for t in texts if t.startswith("<message") and "type='error'" not in t]


def message(i: int) -> Stanza:
    return make_message(JULIET, str(i))


def presence(priority: int | None) -> Presence:
    if priority is None:
        return make_presence(None, type_="unavailable")
    return make_presence(None, el("priority", "jabber:client", None, str(priority)))


async def taken(send: Callable[[str], Awaitable[Any]], in_hand: Callable[[], Any]) -> None:
    """Returns when the client has what is stored, and has said so.

    If it went before, the rest would come to the other resource, behind what that has got already: there is no better
    way then.
    """
    for _ in range(200):
        await send(PING)
        found = in_hand()
        if not (await found if inspect.isawaitable(found) else found):
            return
        await process.sleep(0.01)


STEPS = st.one_of(
    st.tuples(st.just("say"), st.integers(1, 80)),
    st.tuples(st.just("come"), st.integers(-1, 2)),
    st.tuples(st.just("priority"), st.one_of(st.none(), st.integers(-1, 2))),
    st.tuples(st.just("close"), st.integers(0, 5)),
    st.tuples(st.just("breathe"), st.integers(1, 4)),
)


@example([("say", 48), ("come", 0), ("come", 0), ("say", 14), ("close", 1)])
@given(st.lists(STEPS, min_size=2, max_size=25))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_recipient_does_the_order_stays(steps: list[tuple[str, int | None]]) -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        said, here, all_of_them = 0, [], []  # type: ignore[var-annotated]
        for what, n in steps:
            if what == "say":
                for _ in range(n or 0):
                    process.send(romeo.pid, Say(message(said).addressed(from_=romeo.jid)))
                    said += 1
            elif what == "come" and len(here) < 3:
                client = await core.login(f"juliet@localhost/{len(all_of_them)}", presence=None, roster=False)
                here.append(client)
                all_of_them.append(client)
                process.send(client.pid, Say(presence(n).addressed(from_=client.jid)))
            elif what == "priority" and here:
                if n is None or n < 0:
                    await taken(here[0].send, lambda: flags.FETCHING)
                process.send(here[0].pid, Say(presence(n).addressed(from_=here[0].jid)))
                if n is None or n < 0:
                    await core.settle()  # what it was sent before is its own: it takes that before it closes
            elif what == "close" and here:
                if len(here) > 1:
                    await taken(here[0].send, lambda: flags.FETCHING)
                await here.pop(0).close((n or 0) / 1000)
            else:
                for _ in range(n or 0):
                    await process.sleep(0.001)
        await core.settle()
        last = await core.login("juliet@localhost/last", presence=None, roster=False)
        for client in [*here, last]:
            await client.send("<presence><priority>5</priority></presence>")
        await core.settle()
        await core.settle()
        got = [numbers(client.texts()) for client in [*all_of_them, last]]
        for mine in got:
            assert mine == sorted(mine), "out of order"
            assert len(mine) == len(set(mine)), "twice"
        refused = [number(t) for t in romeo.texts() if "type='error'" in t]
        assert {n for mine in got for n in mine} | set(refused) == set(range(said)), "lost"
        assert await store.count(OFFLINE) <= sum(map(len, got))

    play(body)


def test_a_sender_that_never_pauses_on_another_node() -> None:
    """Juliet comes and goes on two nodes, with one resource or two, while Romeo writes to her from a third."""

    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        nodes = ["w2", "w3", "w1"]
        here: list[RemoteClient] = []
        every: list[RemoteClient] = []
        await call("w1", "login", "juliet@localhost/first")
        await call("w1", "close", "juliet@localhost/first")
        await call("w1", "flood", romeo.jid, "juliet@localhost", COUNT)
        turn = 0
        while not await call("w1", "flooded", romeo.jid):
            jid = f"juliet@localhost/{turn}"
            node = nodes[turn % 3]
            await call(node, "login_quietly", jid)
            client = RemoteClient(node, jid)
            every.append(client)
            here.append(client)
            await client.do("send", f"<presence><priority>{turn % 4}</priority></presence>")
            if turn % 3:
                gone = here.pop(0)
                await taken(lambda xml, gone=gone: gone.do("send", xml), lambda: call("w1", "flagged"))
                await gone.do("close", 0.02)
            turn += 1
        await call("w2", "login_quietly", "juliet@localhost/last")
        every.append(RemoteClient("w2", "juliet@localhost/last"))
        await every[-1].do("send", "<presence><priority>9</priority></presence>")
        got = [numbers(await client.do("texts")) for client in every]
        for _ in range(200):
            if len({n for mine in got for n in mine}) == COUNT:
                break
            await process.sleep(0.1)
            got = [numbers(await client.do("texts")) for client in every]
        assert turn > 2
        for mine in got:
            assert [(a, b) for a, b in pairwise(mine) if a >= b] == [], "out of order, or twice"
        assert {n for mine in got for n in mine} == set(range(COUNT)), "lost"

    core_cluster.run(body, "w1", "w2", "w3")
