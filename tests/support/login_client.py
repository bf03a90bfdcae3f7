"""login_client — clients that log in in one step: what they send, and what they are answered."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable

from xmpp_core import ns
from xmpp_core.sasl import ht
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

ENABLE = f"<enable xmlns='{ns.SM}' resume='true'/>"
PING = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


def request(inner: str = "", user: str = "alice", password: str = "secret", agent: str = "phone") -> str:
    """A login by PLAIN, and what else is asked for."""
    token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    who = f"<user-agent id='{agent}'><software>A client</software></user-agent>" if agent else ""
    return (
        f"<authenticate xmlns='{ns.SASL2}' mechanism='PLAIN'><initial-response>{token}</initial-response>"
        f"{who}{inner}</authenticate>"
    )


def bind(inner: str = "", tag: str = "") -> str:
    """A resource, and what its session begins with."""
    tagged = f"<tag>{tag}</tag>" if tag else ""
    return f"<bind xmlns='{ns.BIND2}'>{tagged}{inner}</bind>"


async def come(server: Server, asked: str) -> tuple[Client, str]:
    """A client that has sent this, and the answer to it."""
    client = await server.connect()
    await client.open()
    client.send(asked)
    return client, await client.expect("<success.*?</success>|<failure.*?</failure>|</stream:stream>")


def who(answer: str) -> str:
    """The address that an answer says."""
    found = re.search("<authorization-identifier>(.*?)</authorization-identifier>", answer)
    assert found is not None, answer
    return found[1]


def on_a_server(body: Callable[[Server], Awaitable[None]]) -> None:
    """Play with a server that has an account alice."""

    async def whole() -> None:
        async with serve() as server:
            await server.account("alice")
            await body(server)

    asyncio.run(whole())


NONE = "HT-SHA-256-NONE"
ASK = f"<request-token xmlns='{ns.FAST}' mechanism='{NONE}'/>"


def by_token(
    token: str, inner: str = "", agent: str = "phone", mechanism: str = NONE, user: str = "alice", fast: str = ""
) -> str:
    """A login by a token."""
    data = base64.b64encode(user.encode() + b"\0" + ht.proof(token.encode(), b"")).decode()
    return (
        f"<authenticate xmlns='{ns.SASL2}' mechanism='{mechanism}'><initial-response>{data}</initial-response>"
        f"<user-agent id='{agent}'/><fast xmlns='{ns.FAST}'{fast}/>{inner}</authenticate>"
    )


def token_in(answer: str) -> str:
    """The token that an answer gives."""
    found = re.search(r"<token xmlns='urn:xmpp:fast:0' token='([^']+)' expiry='20\d\d-[^']+Z'/>", answer)
    assert found is not None, answer
    return found[1]


async def given(server: Server, agent: str = "phone") -> str:
    """A token that a login by password was answered with."""
    _, answer = await come(server, request(ASK, agent=agent))
    return token_in(answer)
