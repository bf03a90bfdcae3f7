"""sm_client — what tests of stream management say to a server: enable, resume, and the like."""

from __future__ import annotations

import re

from tests.support import node
from xmpp_core import ns
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server

SM = ns.SM
ENABLE = f"<enable xmlns='{SM}' resume='true'/>"
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"


async def enabled(
    server: Server, user: str = "alice", resource: str = "desk", enable: str = ENABLE
) -> tuple[Client, str]:
    """A client that has asked for it, and the id of its stream, "" without one."""
    client = await server.client(user, resource)
    client.send(enable)
    answer = await client.expect("<enabled [^>]*/>")
    found = re.search(" id='([^']+)'", answer)
    return client, found[1] if found else ""


async def back(server: Server, id_: str, h: int | str, user: str = "alice") -> Client:
    """A new connection that asks for the session."""
    client = await server.connect()
    await client.plain(user, "secret")
    assert f"<sm xmlns='{SM}'/>" in await client.open()
    client.send(f"<resume xmlns='{SM}' previd='{id_}' h='{h}'/>")
    return client


async def detached(user: str = "alice@localhost") -> None:
    """Wait until the one session of an account waits for its client."""
    await node.until(lambda: bool(sm.sessions(user)) and not sm.sessions(user)[0].attached)


def message(text: str, to: str = "alice@localhost/desk", type_: str = "chat") -> str:
    """As a client writes it."""
    return f"<message to='{to}' type='{type_}'><body>{text}</body></message>"
