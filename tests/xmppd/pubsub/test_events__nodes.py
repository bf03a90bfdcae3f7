"""A publication on one worker reaches those who want it on another: own resources and contacts."""

from __future__ import annotations

import re

from otp.erts import process
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, RemoteClient
from tests.support.mesh import SECONDS
from tests.support.pep_client import disco, presence
from xmpp_core import ns

MODULES = ("mod_caps", "mod_pep")
NODES = ("w1", "w2")
PUBLISH = (
    f"<iq type='set' id='p'><pubsub xmlns='{ns.PUBSUB}'><publish node='urn:n'><item id='1'><x xmlns='urn:n'/></item>"
    "</publish></pubsub></iq>"
)


async def heard(client: RemoteClient, last: str) -> str:
    """All that the client got until this matched."""
    got = ""
    for _ in range(int(SECONDS * 50)):
        got += "".join(await client.do("take"))
        if re.search(last, got, re.DOTALL):
            return got
        await process.sleep(0.02)
    raise AssertionError(f"{client.jid} has not heard {last!r}: {got!r}")


async def come(client: RemoteClient) -> None:
    """The first one of its kind is asked what it can do."""
    await client.do("send", presence("urn:n"))


async def answer(client: RemoteClient) -> None:
    """Every question that has come so far; a worker that finds the hash in the store asks nobody."""
    got = "".join(await client.do("texts"))
    for id_, node in re.findall(r"id='([^']+)'[^>]*><query [^>]*disco#info'[^>]* node='([^']+)'", got):
        query = disco("urn:n").with_attrs(node=node).to_xml("")
        await client.do("send", f"<iq type='result' to='localhost' id='{id_}'>{query}</iq>")


def test_own_resources_and_contacts_on_two_workers() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/desk")
        phone = await cluster.client("w2", "romeo@localhost/phone")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        for name in NODES:
            await cluster.until(name, romeo.jid, phone.jid, juliet.jid)
        for client, to in ((romeo, "juliet@localhost"), (juliet, "romeo@localhost")):
            await client.do("send", f"<presence to='{to}' type='subscribe'/>")
            await client.do("send", f"<presence to='{to}' type='subscribed'/>")
        await heard(juliet, "<presence [^>]*type='subscribed'")
        for client in (romeo, juliet):
            await come(client)
        for _ in range(int(SECONDS * 50)):
            for client in (romeo, juliet):
                await answer(client)
            await romeo.do("send", PUBLISH)
            if "pubsub#event" in "".join(await juliet.do("texts")):
                break
            await process.sleep(0.02)
        await heard(juliet, "<message [^>]*from='romeo@localhost'.*<item id='1'>")
        await come(phone)
        await heard(phone, "<item id='1'>.*urn:xmpp:delay")  # the last item, for one that has come later

    core_cluster.run(body, *NODES, modules=MODULES)
