"""External components at the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from otp.erts import process
from tests.support import node
from tests.support.server import config, port_of, serving
from xmppd.auth import auth
from xmppd.config.schema import Config, LimitsSection, Listen
from xmppd.routing import handler_table, iq, router
from xmppd.store import store
from xmppd.stream.component import handshake
from xmppd.testing.client import Client
from xmppd.testing.clock import MovableClock

HEADER = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='{to}'>"
SECRETS = {"echo.localhost": "s3cret", "other.localhost": "s3cret"}


def settings(limits: LimitsSection | None, conflict: str) -> Config:
    listen = (
        Listen(module="component", ip="127.0.0.1", port=0, tls="off", secrets=SECRETS, resource_conflict=conflict),
        Listen(module="c2s", ip="127.0.0.2", port=0, tls="off", plain_without_tls=True),
    )
    return config(modules={}, limits=limits, listen=listen)


def play(
    body: Callable[[int, int], Awaitable[None]], limits: LimitsSection | None = None, conflict: str = "acceptnew"
) -> None:
    async def whole() -> None:
        chosen = settings(limits, conflict)
        async with serving(chosen) as port:
            await auth.create_user("juliet", "localhost", "secret")
            await body(port, await port_of(chosen.listen[1]))

    node.run(whole)


async def begun(port: int, to: str = "echo.localhost") -> tuple[Client, str]:
    client = await Client.connect(port)
    client.send(HEADER.format(to=to))
    header = await client.expect("<stream:stream .*?>")
    assert f"from='{to}'" in header
    return client, header.partition(" id='")[2].partition("'")[0]


async def entered(port: int, to: str = "echo.localhost") -> Client:
    client, stream_id = await begun(port, to)
    client.send(f"<handshake>{handshake(stream_id, 's3cret')}</handshake>")
    await client.expect("<handshake/>")
    return client


def test_the_handshake_is_sha1_of_id_and_secret() -> None:
    assert handshake("3BF96D32", "test") == hashlib.sha1(b"3BF96D32test").hexdigest()


def test_stanzas_go_both_ways() -> None:
    async def body(port: int, clients: int) -> None:
        component = await entered(port)
        juliet = await Client.connect(clients, "127.0.0.2")
        jid = await juliet.login("juliet", "balcony")
        juliet.send("<message to='any@echo.localhost' type='chat'><body>Hark</body></message>")
        got = await component.expect("<message.*?</message>")
        assert f"from='{jid}'" in got
        assert "xmlns" not in got
        component.send(f"<message from='any@echo.localhost' to='{jid}' type='chat'><body>who</body></message>")
        assert "from='any@echo.localhost'" in await juliet.expect("<message.*?</message>")

    play(body)


def test_a_component_is_a_domain_not_an_address_at_it() -> None:
    async def body(port: int, _clients: int) -> None:
        client = await Client.connect(port)
        client.send(HEADER.format(to="any@echo.localhost"))
        assert "<improper-addressing" in await client.gone()

    play(body)


def test_a_wrong_handshake_is_refused() -> None:
    async def body(port: int, _clients: int) -> None:
        client, _ = await begun(port)
        client.send("<handshake>0000000000000000000000000000000000000000</handshake>")
        assert "<not-authorized" in await client.gone()

    play(body)


def test_only_known_domains_may_connect() -> None:
    async def body(port: int, _clients: int) -> None:
        client = await Client.connect(port)
        client.send(HEADER.format(to="evil.example"))
        assert "<host-unknown" in await client.gone()

    play(body)


def test_a_client_header_is_refused() -> None:
    async def body(port: int, _clients: int) -> None:
        client = await Client.connect(port)
        client.send(HEADER.format(to="echo.localhost").replace("component:accept", "client"))
        assert "<invalid-namespace" in await client.gone()

    play(body)


def test_who_knows_the_secret_takes_the_domain_from_an_older_link() -> None:
    """Which may hang, as after a NAT forgot it: neither does it read nor has TCP noticed. What waits goes back."""

    async def body(port: int, clients: int) -> None:
        juliet = await Client.connect(clients, "127.0.0.2")
        await juliet.login("juliet", "balcony")
        links = [await entered(port)]
        for n in range(3):
            if n % 2:
                links[-1].transport.pause_reading()
            links.append(await entered(port))
            juliet.send(f"<message to='any@echo.localhost'><body>to {n}</body></message>")
            assert f"to {n}" in await links[-1].expect("<message.*?</message>")
        links[1].transport.resume_reading()
        for link in links[:-1]:
            assert "<conflict " in await link.gone()
            assert link.seen.endswith("</stream:stream>")
        assert len(router.processes_of("echo.localhost")) == 1

    play(body)


def test_a_wrong_secret_takes_nothing() -> None:
    async def body(port: int, _clients: int) -> None:
        await entered(port)
        held = router.processes_of("echo.localhost")
        client, _ = await begun(port)
        client.send("<handshake>0000000000000000000000000000000000000000</handshake>")
        assert "<not-authorized" in await client.gone()
        assert router.processes_of("echo.localhost") == held

    play(body)


def test_closenew_lets_the_older_link_keep_its_domain() -> None:
    async def body(port: int, _clients: int) -> None:
        first = await entered(port)
        second, stream_id = await begun(port)
        second.send(f"<handshake>{handshake(stream_id, 's3cret')}</handshake>")
        assert "<conflict" in await second.gone()
        first.send("</stream:stream>")
        assert (await first.gone()).endswith("</stream:stream>")
        await entered(port)

    play(body, conflict="closenew")


GOOD_FROM, GOOD_TO = "x@echo.localhost", "juliet@localhost"
#: one stanza's fault: its from, its to, what it is told; None: the attribute is not there
FAULTS = [
    ("juliet@localhost", GOOD_TO, "forbidden"),
    ("x@other.localhost", GOOD_TO, "forbidden"),
    (None, GOOD_TO, "bad-request"),
    ("", GOOD_TO, "jid-malformed"),
    ("19:x@echo.localhost", GOOD_TO, "jid-malformed"),
    (GOOD_FROM, None, "bad-request"),
    (GOOD_FROM, "", "jid-malformed"),
    (GOOD_FROM, "a b@localhost", "jid-malformed"),
    (GOOD_FROM, "@localhost", "jid-malformed"),
    (GOOD_FROM, "juliet@localhost/", "jid-malformed"),
    (GOOD_FROM, "juliet@loc alhost", "jid-malformed"),
]


def test_what_is_wrong_with_one_stanza_is_told_and_the_link_lives() -> None:
    async def body(port: int, clients: int) -> None:
        component = await entered(port)
        juliet = await Client.connect(clients, "127.0.0.2")
        jid = await juliet.login("juliet", "balcony")
        for sender, to, condition in FAULTS:
            for kind in ("message", "presence", "iq type='get'"):
                given = {"from": sender, "to": to}
                written = "".join(f" {key}='{value}'" for key, value in given.items() if value is not None)
                name = kind.partition(" ")[0]
                component.send(f"<{kind} id='7'{written}><body xmlns='urn:x'>x</body></{name}>")
                answer = await component.expect(f"<{name}.*?</{name}>")
                assert f"<{condition} " in answer
                assert "id='7'" in answer
                assert (f"to='{sender}'" in answer) == (sender is not None)
        for quiet in ("<message type='error' to=''/>", "<iq type='result' id='8' from='x@echo.localhost' to='@'/>"):
            component.send(quiet)
        component.send(f"<message from='{GOOD_FROM}' to='{jid}'><body>still here</body></message>")
        assert "still here" in await juliet.expect("<message.*?</message>")
        assert "stream:error" not in component.seen
        assert "'urn:x'" not in juliet.seen

    play(body)


def test_a_request_to_the_server_is_answered() -> None:
    async def body(port: int, _clients: int) -> None:
        component = await entered(port)
        component.send("<iq type='get' id='1' from='echo.localhost' to='localhost'><x xmlns='y'/></iq>")
        answer = await component.expect("<iq.*?</iq>")
        assert "to='echo.localhost'" in answer
        component.send("<iq type='get' from='echo.localhost' to='localhost'><x xmlns='y'/></iq>")
        assert "<bad-request" in await component.expect("<iq.*?</iq>")

    play(body)


def test_presence_of_a_type_that_there_is_not_is_refused() -> None:
    async def body(port: int, clients: int) -> None:
        component = await entered(port)
        juliet = await Client.connect(clients, "127.0.0.2")
        jid = await juliet.login("juliet", "balcony")
        component.send(f"<presence type='visible' from='a@echo.localhost' to='{jid}'/>")
        assert "<bad-request" in await component.expect("<presence.*?</presence>")
        component.send(f"<presence from='a@echo.localhost' to='{jid}'><show>visible</show></presence>")
        assert "<bad-request" in await component.expect("<presence.*?</presence>")
        assert "visible" not in juliet.seen

    play(body)


def test_the_handshake_must_come_in_time() -> None:
    async def body(port: int, _clients: int) -> None:
        client, _ = await begun(port)
        await MovableClock().advance(29)
        assert not client.closed
        await MovableClock().advance(2)
        assert "<connection-timeout" in await client.gone()

    play(body)


def test_a_lost_component_is_no_longer_routed_to() -> None:
    async def body(port: int, clients: int) -> None:
        component = await entered(port)
        component.transport.abort()
        juliet = await Client.connect(clients, "127.0.0.2")
        await juliet.login("juliet", "balcony")

        async def bounced() -> bool:
            juliet.send("<message to='any@echo.localhost' type='chat'><body>Hark</body></message>")
            juliet.send("<iq type='get' id='z' to='localhost'><x xmlns='y'/></iq>")
            seen = juliet.mark
            await juliet.expect("<iq.*?</iq>")
            return "remote-server-not-found" in juliet.seen[seen:]

        while not await bounced():
            pass

    play(body)


def test_a_domain_is_taken_again_when_the_groups_were_lost() -> None:
    async def body(port: int, clients: int) -> None:
        component = await entered(port)
        before = process.whereis("pg")
        assert before is not None
        process.exit_(before, "kill")
        await node.until(lambda: process.whereis("pg") not in (None, before))
        await node.until(lambda: "echo.localhost" in router.domains())
        juliet = await Client.connect(clients, "127.0.0.2")
        await juliet.login("juliet", "balcony")
        juliet.send("<message to='any@echo.localhost'><body>Hark</body></message>")
        assert "Hark" in await component.expect("<message.*?</message>")

    play(body)


def test_what_fails_behind_it_is_an_error_and_its_link_lives() -> None:
    """A gateway has many users: a store that is gone, or a bug, costs one stanza of one of them."""

    async def body(port: int, _clients: int) -> None:
        component = await entered(port)
        backend = store.current()
        store.use(None)
        component.send(
            "<message from='a@echo.localhost' to='nobody@localhost' type='chat' id='1'><body>x</body></message>"
        )
        assert "<resource-constraint " in await component.expect("<message.*?</message>")
        store.use(backend)
        bug = iq.entry("localhost", "urn:x", "q", iq.LOCAL, lambda _: 1 // 0, "test")  # type: ignore[arg-type,return-value]
        await handler_table.register(iq.TABLE, "test", (bug,))
        component.send("<iq type='get' id='2' from='b@echo.localhost' to='localhost'><q xmlns='urn:x'/></iq>")
        assert "<internal-server-error " in await component.expect("<iq.*?</iq>")
        component.send(
            "<message from='a@echo.localhost' to='nobody@localhost' type='chat' id='3'><body>x</body></message>"
        )
        assert "<service-unavailable " in await component.expect("<message.*?</message>")

    play(body)


def test_what_would_be_too_large_when_written_costs_one_stanza() -> None:
    async def body(port: int, _clients: int) -> None:
        component = await entered(port)
        content = f" xmlns:p='{'n' * 1000}'>{'<p:x/>' * 400}"
        component.send(f"<message from='a@echo.localhost' to='juliet@localhost' id='1'{content}</message>")
        assert "<policy-violation " in await component.expect("<message.*?</message>")
        component.send("<message from='a@echo.localhost' to='nobody@localhost' type='chat'><body>x</body></message>")
        assert "<service-unavailable " in await component.expect("<message.*?</message>")

    play(body)


def test_a_component_that_does_not_read_holds_up_nobody_and_what_waits_for_it_goes_back_when_it_is_replaced() -> None:
    async def body(port: int, clients: int) -> None:
        slow = await entered(port)
        slow.transport.pause_reading()
        juliet = await Client.connect(clients, "127.0.0.2")
        await juliet.login("juliet", "balcony")
        text = "x" * 100_000
        for i in range(120):
            juliet.send(f"<message to='any@echo.localhost' id='m{i}' type='chat'><body>{text}</body></message>")
        juliet.send("<iq type='get' id='z' to='localhost'><x xmlns='y'/></iq>")
        await juliet.expect("<iq.*?</iq>")
        await node.until(lambda: "<resource-constraint " in juliet.seen)
        successor = await entered(port)
        juliet.send("<message to='any@echo.localhost' id='last' type='chat'><body>last</body></message>")
        await successor.expect("id='last'")
        await node.until(lambda: "<remote-server-not-found " in juliet.seen)

    play(body, LimitsSection(rate=None))
