"""Everything that a person does at the wire has its line, as it really comes out, and its count."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable

import pytest

from otp.erts import process
from otp.kernel import logger
from tests.support import node
from tests.support.server import config, port_of, serving, streams
from tests.xmppd.test_audit import banned
from xmppd import audit
from xmppd.auth import auth
from xmppd.config.schema import Listen
from xmppd.routing.deliver import Kick
from xmppd.stream.component import handshake
from xmppd.testing.client import Client

LISTEN = (
    Listen(module="c2s", ip="127.0.0.1", port=0, tls="off", plain_without_tls=True),
    Listen(module="component", ip="127.0.0.2", port=0, tls="off", secrets={"echo.localhost": "s3cret"}),
)


def play(caplog: pytest.LogCaptureFixture, body: Callable[[int], Awaitable[None]]) -> list[str]:
    """Plays it, and gives the lines of the audit in their order."""
    caplog.set_level("DEBUG", "xmppd.audit")
    audit.COUNTS.clear()

    async def whole() -> None:
        async with serving(config(modules={"mod_register": {}}, registration=True, listen=LISTEN)) as port:
            await auth.create_user("juliet", "localhost", "secret")
            await body(port)

    node.run(whole)
    return [record.getMessage() for record in caplog.records if record.name == "xmppd.audit"]


async def guess(client: Client, user: str, password: str) -> None:
    data = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{data}</auth>")


async def at(port: int) -> Client:
    client = await Client.connect(port)
    await client.open()
    return client


def test_logins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def body(port: int) -> None:
        juliet = await Client.connect(port)
        await juliet.login("juliet", "balcony")
        juliet.send("</stream:stream>")
        await juliet.gone()
        kicked = await Client.connect(port)
        await kicked.login("juliet", "tomb")
        for pid in await streams():
            process.send(pid, Kick(text='out "now"'))
        await kicked.gone()
        lost = await Client.connect(port)
        await lost.login("juliet", "x")
        lost.transport.abort()
        await node.until(lambda: audit.COUNTS[audit.CLOSED] == 3)
        unknown = await at(port)
        unknown.send("</stream:stream>")
        await unknown.gone()
        await node.until(lambda: audit.COUNTS[audit.UNAUTHENTICATED] == 1)

    login = 'login from 127.0.0.1: "juliet@localhost", PLAIN, no TLS'
    assert play(caplog, body) == [
        login,
        'stream from 127.0.0.1 closed: the client has closed it, "juliet@localhost/balcony"',
        login,
        'stream from 127.0.0.1 closed: policy-violation "out \'now\'", "juliet@localhost/tomb"',
        login,
        'stream from 127.0.0.1 closed: connection lost: closed, "juliet@localhost/x"',
        "stream from 127.0.0.1 closed: the client has closed it, no login",
    ]
    assert audit.COUNTS[audit.LOGIN] == 3


def test_who_guesses_is_named_and_found_by_the_filter(caplog: pytest.LogCaptureFixture) -> None:
    lie = 'x\nlogin from 198.51.100.9 failed: not-authorized, "y'

    async def body(port: int) -> None:
        client = await at(port)
        for user in ("juliet", "nobody", lie):
            await guess(client, user, "wrong")
            await client.expect("<failure.*?</failure>")
        client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NO, SUCH'/>")
        await client.expect("<failure.*?</failure>")

    told = [line for line in play(caplog, body) if line.startswith("login")]
    assert told[0] == 'login from 127.0.0.1 failed: not-authorized, "juliet@localhost", PLAIN'
    assert told[1] == 'login from 127.0.0.1 failed: not-authorized, "nobody@localhost", PLAIN'
    assert len(told) == 4
    for form in ("text", "json"):
        records = [r for r in caplog.records if r.name == "xmppd.audit" and "failed" in r.getMessage()]
        found = [banned(logger.line(record, form)) for record in records]
        assert found[:2] == ["127.0.0.1"] * 2
        assert "198.51.100.9" not in found
        assert found[3] is None, "no password was tried"
    assert not any("wrong" in line for line in told)


def test_accounts_made_and_ended_in_band(caplog: pytest.LogCaptureFixture) -> None:
    form = "<iq type='set' id='{}'><query xmlns='jabber:iq:register'>{}</query></iq>"
    who = "<username>romeo</username><password>{}</password>"

    async def body(port: int) -> None:
        for _ in range(2):
            unknown = await at(port)
            unknown.send(form.format("1", who.format("secret")))
            await unknown.expect("<iq.*id='1'")
        romeo = await Client.connect(port)
        await romeo.login("romeo", "r")
        romeo.send(form.format("2", who.format("hunter2")))
        await romeo.expect("<iq.*id='2'")
        romeo.send(form.format("3", "<remove/>"))
        await romeo.gone()

    told = play(caplog, body)
    assert [line for line in told if re.match("registration|password|account", line)] == [
        'registration from 127.0.0.1: "romeo@localhost"',
        'registration from 127.0.0.1 refused: conflict, "romeo@localhost"',
        'password change from 127.0.0.1, "romeo@localhost"',
        'account removed by its user from 127.0.0.1, "romeo@localhost"',
    ]
    assert not any("hunter2" in record.getMessage() for record in caplog.records)


def test_components(caplog: pytest.LogCaptureFixture) -> None:
    async def body(_port: int) -> None:
        port = await port_of(LISTEN[1])
        for secret in ("wrong", "s3cret"):
            client = await Client.connect(port, "127.0.0.2")
            client.send(
                "<stream:stream xmlns='jabber:component:accept' "
                "xmlns:stream='http://etherx.jabber.org/streams' to='echo.localhost'>"
            )
            header = await client.expect("<stream:stream .*?>")
            stream_id = header.partition(" id='")[2].partition("'")[0]
            client.send(f"<handshake>{handshake(stream_id, secret)}</handshake>")
            await client.expect("<handshake/>|<not-authorized")
        client.send("</stream:stream>")
        await client.gone()

    assert play(caplog, body) == [
        'component from 127.0.0.1 refused: not-authorized, "echo.localhost"',
        'component from 127.0.0.1 let in, "echo.localhost"',
        'component from 127.0.0.1 closed: the component has closed it, "echo.localhost"',
    ]
    refused = next(r for r in caplog.records if "refused" in r.getMessage())
    assert banned(logger.line(refused)) == "127.0.0.1"
