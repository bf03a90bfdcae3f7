"""archive_client — what a client asks of an archive (XEP-0313), and reads in the answer."""

from __future__ import annotations

from typing import Any

from tests.support import node
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

JULIET = "juliet@localhost"


def play(body: Any, **options: Any) -> None:
    async def whole() -> None:
        async with serve(modules={"mod_mam": options or True}) as server:
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


def said(to: str, text: str, inside: str = "", type_: str = "chat", id_: str = "") -> str:
    named = f" id='{id_}'" if id_ else ""
    return f"<message to='{to}' type='{type_}'{named}><body>{text}</body>{inside}</message>"


def query(fields: str = "", rsm: str = "", more: str = "") -> str:
    head = f"<field var='FORM_TYPE' type='hidden'><value>{ns.MAM}</value></field>"
    form = f"<x xmlns='{ns.DATA_FORMS}' type='submit'>{head}{fields}</x>" if fields else ""
    set_ = f"<set xmlns='{ns.RSM}'>{rsm}</set>" if rsm else ""
    return f"<iq type='set' id='q'><query xmlns='{ns.MAM}' queryid='f27'>{form}{set_}{more}</query></iq>"


def field(var: str, *values: str) -> str:
    return f"<field var='{var}'>{''.join(f'<value>{value}</value>' for value in values)}</field>"


async def page(client: Client, *asked: str, **more: str) -> tuple[list[tuple[str, Element]], Element]:
    """(id, message) of each result, and the <fin/> or the error."""
    client.send(query(*asked, **more))
    found: list[tuple[str, Element]] = []
    while True:
        stanza = await client.receive()
        if stanza.name == "iq":
            fin = stanza.child("fin", ns.MAM)
            return found, fin if fin is not None else stanza
        result = stanza.child("result", ns.MAM)
        assert result is not None, stanza.to_xml()
        assert result.get("queryid") == "f27"
        assert stanza.get("from") == client.jid.partition("/")[0]
        forwarded = result.child("forwarded", ns.FORWARD)
        assert forwarded is not None
        assert forwarded.child("delay", ns.DELAY) is not None
        message = forwarded.child("message", ns.CLIENT)
        assert message is not None
        found.append((result.attrs["id"], message))


async def texts(client: Client, *asked: str, **more: str) -> list[str]:
    found, _ = await page(client, *asked, **more)
    return [message.child_text("body") or "" for _, message in found]
