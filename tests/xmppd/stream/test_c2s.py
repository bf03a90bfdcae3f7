"""A client's stream at the wire: a whole server in this process, without modules."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.erts import process
from tests.support import node
from tests.support.server import config, serving, streams
from xmpp_core.stanza import Iq, Message
from xmppd.auth import auth
from xmppd.config.schema import LimitsSection, Listen
from xmppd.routing import hooks, packets
from xmppd.routing.deliver import Kick, Shutdown
from xmppd.routing.hook_points import (
    SessionClosedHook,
    SessionInfoHook,
    SessionOpenedHook,
    UserReceivePacketHook,
    UserSendPacketHook,
)
from xmppd.routing.sm import sm
from xmppd.testing.client import OPEN, Client
from xmppd.testing.clock import MovableClock

Body = Callable[[int], Awaitable[None]]
BIND = (
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>"
)
ERROR = "<stream:error>.*</stream:error></stream:stream>"


def play(body: Body, **options: Any) -> None:
    """Runs a play on a fresh server with the accounts juliet and romeo."""

    async def whole() -> None:
        async with serving(config(modules={}, **options)) as port:
            for user in ("juliet", "romeo"):
                await auth.create_user(user, "localhost", "secret")
            await body(port)

    node.run(whole)


async def entered(port: int, user: str, resource: str) -> Client:
    client = await Client.connect(port)
    await client.login(user, resource)
    return client


async def pair(port: int) -> tuple[Client, Client]:
    return await entered(port, "juliet", "balcony"), await entered(port, "romeo", "orchard")


# -- the way in


def test_a_message_goes_from_one_to_the_other() -> None:
    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        romeo.send("<message to='juliet@localhost/balcony' type='chat' id='m1'><body>What light?</body></message>")
        got = await juliet.expect("<message.*</message>")
        assert "from='romeo@localhost/orchard'" in got
        assert "<body>What light?</body>" in got

    play(body)


def test_the_header_is_answered_with_an_id_and_the_hosts_name() -> None:
    async def body(port: int) -> None:
        ids = set()
        for _ in range(2):
            client = await Client.connect(port)
            client.send(OPEN.format(to="localhost"))
            header = await client.expect("<stream:stream .*?>")
            assert " from='localhost'" in header
            assert " version='1.0'" in header
            ids.add(header.partition(" id='")[2].partition("'")[0])
        assert len(ids) == 2
        assert min(map(len, ids)) >= 20

    play(body)


def test_one_byte_at_a_time() -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        token = base64.b64encode(b"\0juliet\0secret").decode()
        auth_element = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>"
        for char in OPEN.format(to="localhost"):
            client.send(char)
            await process.sleep(0)
        await client.expect("</stream:features>")
        for char in auth_element:
            client.send(char)
            await process.sleep(0)
        await client.expect("<success")
        assert await client.bind("balcony") == "juliet@localhost/balcony"

    play(body)


def test_scram_is_offered_and_plain_is_not_without_tls() -> None:
    async def body(port: int) -> None:
        features = await (await Client.connect(port)).open()
        assert "<required/>" in features
        assert "mechanism" not in features

    play(body, tls="required")


def test_starttls_then_login(tmp_path: Any) -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        await client.expect("<proceed[^>]*/>")
        await client.start_tls()
        features = await client.open()
        assert "SCRAM-SHA-256-PLUS" in features
        assert "starttls" not in features
        token = base64.b64encode(b"\0juliet\0secret").decode()
        client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        await client.expect("<success")
        jid = await client.bind("balcony")
        (session,) = sm.sessions("juliet@localhost")
        assert session.jid.full == jid
        assert dict(session.info) == {"ip": "127.0.0.1", "tls": "TLSv1.3", "mechanism": "PLAIN"}

    play(body, tls="required", home=tmp_path)


def test_direct_tls(tmp_path: Any) -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.start_tls()
        assert await client.login("juliet", "balcony") == "juliet@localhost/balcony"

    play(body, tls="direct", home=tmp_path)


@pytest.mark.parametrize("more", ["<presence/>", OPEN.format(to="localhost"), "<pres"])
def test_nothing_may_lie_behind_starttls(more: str, tmp_path: Any) -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + more)
        rest = await client.gone()
        assert "<proceed" not in rest
        assert "<stream:error>" in rest

    play(body, tls="required", home=tmp_path)


def test_a_scram_login() -> None:
    import hashlib
    import hmac

    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        bare = "n=juliet,r=fyko"
        first = base64.b64encode(f"n,,{bare}".encode()).decode()
        client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>")
        challenge = (await client.expect("<challenge[^>]*>.*?</challenge>")).partition(">")[2].partition("<")[0]
        server_first = base64.b64decode(challenge).decode()
        fields = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", b"secret", base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        without = f"c=biws,r={fields['r']}"
        signed = f"{bare},{server_first},{without}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
        final = base64.b64encode(f"{without},p={proof}".encode()).decode()
        client.send(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{final}</response>")
        success = (await client.expect("<success[^>]*>.*?</success>")).partition(">")[2].partition("<")[0]
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        expected = base64.b64encode(hmac.digest(server_key, signed, "sha256")).decode()
        assert base64.b64decode(success).decode() == f"v={expected}"
        assert await client.bind() != ""

    play(body)


# -- what is refused


async def try_password(client: Client, password: str, user: str = "juliet") -> None:
    token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")


def test_five_wrong_passwords_end_the_stream() -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        for _ in range(5):
            await try_password(client, "wrong")
            await client.expect("<failure[^>]*><not-authorized/>.*?</failure>")
        assert "<policy-violation" in await client.gone()

    play(body)


def test_a_right_password_is_never_refused_for_wrong_ones() -> None:
    async def body(port: int) -> None:
        for _ in range(3):
            client = await Client.connect(port)
            await client.open()
            await try_password(client, "wrong")
            await client.expect("<not-authorized")
        client = await Client.connect(port)
        await client.open()
        await try_password(client, "secret")
        await client.expect("<success")

    play(body, limits=LimitsSection(login_failures_per_minute=20))


@pytest.mark.parametrize(
    ("sent", "condition"),
    [
        (OPEN.format(to="elsewhere.example"), "host-unknown"),
        (OPEN.format(to="localhost").replace("jabber:client", "jabber:server"), "invalid-namespace"),
        ("<presence/>", "(invalid|bad|not)"),
        ("<?xml version='1.0'?><!DOCTYPE x []>", "restricted-xml"),
        ("nonsense <", "not-well-formed"),
        ("\xff\xfe<", "."),
        (OPEN.format(to="localhost") + "<message/>", "not-authorized"),
        (OPEN.format(to="localhost") + "<a></b>", "not-well-formed"),
        (OPEN.format(to="localhost") + "<x>" + "y" * 9000 + "</x>", "policy-violation"),
    ],
)
def test_what_no_client_may_send_ends_the_stream_in_order(sent: str, condition: str) -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        client.send(sent.encode("latin-1"))
        await client.expect("<stream:stream .*?>")
        error = await client.expect(ERROR)
        await client.expect("")
        assert __import__("re").search(condition, error), error
        await client.gone()
        await node.until(lambda: sm.all_sessions() == [])

    play(body)


def test_the_time_for_the_negotiation_is_not_lengthened_by_noise() -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        seconds = 0
        while not client.closed:
            client.send(" ")
            await MovableClock().advance(1)
            seconds += 1
        assert "<connection-timeout" in client.seen
        assert seconds == 30

    play(body)


def test_a_foreign_from_ends_the_stream() -> None:
    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        romeo.send("<message from='romeo@localhost' to='juliet@localhost/balcony'><body>mine</body></message>")
        await juliet.expect("mine")
        romeo.send("<message from='juliet@localhost' to='juliet@localhost/balcony'><body>not</body></message>")
        assert "<invalid-from" in await romeo.gone()
        assert juliet.nothing_more() or "not" not in juliet.seen[juliet.mark :]

    play(body)


def test_a_malformed_address_is_answered() -> None:
    async def body(port: int) -> None:
        romeo = await entered(port, "romeo", "orchard")
        romeo.send("<iq type='get' id='i1' to='@@'><ping xmlns='urn:xmpp:ping'/></iq>")
        assert "<jid-malformed" in await romeo.expect("<iq .*?</iq>")
        romeo.send("<iq type='error' id='i2' to='@@'/><iq type='get' id='i3'><x xmlns='y'/></iq>")
        assert "id='i3'" in await romeo.expect("<iq .*?</iq>")

    play(body)


def test_an_unknown_request_is_answered() -> None:
    async def body(port: int) -> None:
        romeo = await entered(port, "romeo", "orchard")
        romeo.send("<iq type='get' id='i1' to='localhost'><x xmlns='y'/></iq>")
        answer = await romeo.expect("<iq .*?</iq>")
        assert "service-unavailable" in answer
        assert "from='localhost'" in answer

    play(body)


# -- sessions


def test_the_session_of_old_clients_is_a_matter_of_form() -> None:
    async def body(port: int) -> None:
        romeo = await entered(port, "romeo", "orchard")
        romeo.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
        assert "type='result'" in await romeo.expect("<iq .*?/>")

    play(body)


def test_a_newer_session_takes_the_resource() -> None:
    async def body(port: int) -> None:
        first = await entered(port, "juliet", "balcony")
        second = await entered(port, "juliet", "balcony")
        assert "<conflict" in await first.gone()
        second.send("<message to='juliet@localhost/balcony'><body>me</body></message>")
        await second.expect("<body>me</body>")
        assert len(sm.sessions("juliet@localhost")) == 1

    play(body)


def listening(resource_conflict: str) -> tuple[Listen, ...]:
    return (Listen(ip="127.0.0.1", port=0, tls="off", plain_without_tls=True, resource_conflict=resource_conflict),)


def test_a_taken_resource_may_be_refused() -> None:
    async def body(port: int) -> None:
        first = await entered(port, "juliet", "balcony")
        second = await Client.connect(port)
        await second.plain("juliet", "secret")
        await second.open()
        second.send(BIND.format(resource="balcony"))
        assert "<conflict" in await second.expect("<iq[^>]*type='error'.*?</iq>")
        second.send(BIND.format(resource="garden"))
        await second.expect("<jid>juliet@localhost/garden</jid>")
        first.send("<message to='juliet@localhost/garden'><body>still here</body></message>")
        await second.expect("<body>still here</body>")

    play(body, listen=listening("closenew"))


def test_a_taken_resource_may_lead_to_another() -> None:
    async def body(port: int) -> None:
        first = await entered(port, "juliet", "balcony")
        second = await Client.connect(port)
        other = await second.login("juliet", "balcony")
        assert other.startswith("juliet@localhost/")
        assert other != "juliet@localhost/balcony"
        first.send(f"<message to='{other}'><body>still here</body></message>")
        await second.expect("<body>still here</body>")

    play(body, listen=listening("setresource"))


def test_closing_is_answered_and_the_session_is_over() -> None:
    async def body(port: int) -> None:
        reasons: list[str] = []
        opened: list[str] = []
        await hooks.add("localhost", SessionClosedHook, lambda point: reasons.append(point.reason))
        await hooks.add("localhost", SessionOpenedHook, lambda point: opened.append(point.session.jid.full))
        juliet = await entered(port, "juliet", "balcony")
        assert opened == ["juliet@localhost/balcony"]
        juliet.send("</stream:stream>")
        assert (await juliet.gone()).endswith("</stream:stream>")
        await node.until(lambda: reasons == ["normal"])
        assert sm.all_sessions() == []
        await node.until(lambda: len(process.processes()))

    play(body)


def test_a_lost_connection_ends_the_session() -> None:
    async def body(port: int) -> None:
        juliet = await entered(port, "juliet", "balcony")
        juliet.transport.abort()
        await node.until(lambda: sm.all_sessions() == [])
        assert await streams() == []

    play(body)


def test_nothing_is_left_of_connections_that_came_and_went() -> None:
    async def body(port: int) -> None:
        before = len(process.processes())
        for _ in range(30):
            client = await Client.connect(port)
            client.send("<stream:stream")
            client.transport.abort()
        juliet = await entered(port, "juliet", "balcony")
        juliet.send("</stream:stream>")
        await juliet.gone()
        await node.until(lambda: len(process.processes()) == before)

    play(body)


# -- what others do to it


def test_a_kick_and_a_shutdown_have_their_words() -> None:
    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        process.send(sm.sessions("juliet@localhost")[0].pid, Kick())
        assert "<policy-violation" in await juliet.gone()
        process.send(sm.sessions("romeo@localhost")[0].pid, Shutdown())
        assert "<system-shutdown" in await romeo.gone()

    play(body)


def test_a_shutdown_before_the_header_sends_one_first() -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        (pid,) = await node_streams()
        process.send(pid, Shutdown())
        rest = await client.gone()
        assert rest.index("<stream:stream") < rest.index("<system-shutdown") < rest.index("</stream:stream>")

    async def node_streams() -> list[Any]:
        found: list[Any] = []
        while not found:
            await asyncio.sleep(0)
            found = await streams()
        return found

    play(body)


def test_other_messages_go_to_the_modules() -> None:
    async def body(port: int) -> None:
        seen: list[object] = []
        await hooks.add("localhost", SessionInfoHook, lambda point: seen.append(point.message))
        await entered(port, "juliet", "balcony")
        process.send(sm.sessions("juliet@localhost")[0].pid, "something")
        await node.until(lambda: seen == ["something"])

    play(body)


def test_modules_may_change_and_drop_what_is_sent_and_received() -> None:
    async def body(port: int) -> None:
        def sending(stanza: Any, _point: UserSendPacketHook) -> Any:
            return None if isinstance(stanza, Message) and stanza.body == "drop" else stanza

        def receiving(stanza: Any, _point: UserReceivePacketHook) -> Any:
            return None if isinstance(stanza, Message) and stanza.body == "lose" else stanza

        await hooks.add("localhost", UserSendPacketHook, sending)
        await hooks.add("localhost", UserReceivePacketHook, receiving)
        juliet, romeo = await pair(port)
        for text in ("drop", "lose", "keep"):
            romeo.send(f"<message to='juliet@localhost/balcony'><body>{text}</body></message>")
        got = await juliet.expect("<message.*</message>")
        assert "keep" in got
        assert "drop" not in got
        assert "lose" not in got

    play(body)


# -- when it breaks


def test_a_bug_in_a_stream_ends_that_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    real = packets.send_packet

    async def broken(session: Any, stanza: Any) -> None:
        if isinstance(stanza, Iq):
            raise ZeroDivisionError
        await real(session, stanza)

    monkeypatch.setattr(packets, "send_packet", broken)

    async def body(port: int) -> None:
        reasons: list[str] = []
        await hooks.add("localhost", SessionClosedHook, lambda point: reasons.append(point.session.jid.local))
        juliet, romeo = await pair(port)
        romeo.send("<iq type='get' id='1' to='localhost'><x xmlns='y'/></iq>")
        assert "<internal-server-error" in await romeo.gone()
        await node.until(lambda: reasons == ["romeo"])
        assert [s.jid.local for s in sm.all_sessions()] == ["juliet"]
        juliet.send("<message to='juliet@localhost/balcony'><body>alive</body></message>")
        await juliet.expect("alive")

    play(body)


def test_a_killed_receiver_ends_its_stream_and_no_other() -> None:
    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        pid = sm.sessions("romeo@localhost")[0].pid
        receiver = pid.target.state.connection.receiver
        process.exit_(receiver, "kill")
        await romeo.gone()
        await node.until(lambda: len(sm.all_sessions()) == 1)
        juliet.send("<message to='juliet@localhost/balcony'><body>alive</body></message>")
        await juliet.expect("alive")

    play(body)


def test_the_language_of_the_stream_is_that_of_its_stanzas() -> None:
    async def body(port: int) -> None:
        juliet = await entered(port, "juliet", "balcony")
        romeo = await Client.connect(port)
        await romeo.plain("romeo", "secret")
        romeo.send(OPEN.format(to="localhost").replace(" version='1.0'>", " xml:lang='it' version='1.0'>"))
        await romeo.expect("</stream:features>")
        romeo.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        await romeo.expect("</jid>")
        romeo.send("<message to='juliet@localhost/balcony'><body>Amore</body></message>")
        assert "xml:lang='it'" in await juliet.expect("<message.*</message>")
        romeo.send("<message to='juliet@localhost/balcony' xml:lang='en'><body>Love</body></message>")
        assert "xml:lang='en'" in await juliet.expect("<message.*</message>")

    play(body)


def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from xmppd.net import transport

    monkeypatch.setattr(transport, "STALL", 0.1)

    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        juliet.transport.pause_reading()
        filler = "x" * 60_000
        for _ in range(400):
            romeo.send(f"<message to='juliet@localhost/balcony'><body>{filler}</body></message>")
            await process.sleep(0)
            if len(sm.all_sessions()) == 1:
                break
        await node.until(lambda: len(sm.all_sessions()) == 1, 10.0)

    play(body, limits=LimitsSection(rate=None))


def test_answers_do_not_gather_behind_a_long_batch_of_requests() -> None:
    async def body(port: int) -> None:
        juliet = await entered(port, "juliet", "balcony")
        [stream] = await streams()
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                info = process.process_info(stream)
                most = max(most, info.message_queue_len if info is not None else 0)
                await asyncio.sleep(0)

        watcher = process.spawn(watch)
        juliet.send("<iq type='get' id='x'><query xmlns='urn:unknown'/></iq>" * 600)
        for _ in range(600):
            await juliet.expect("<iq .*?</iq>")
        process.exit_(watcher, "kill")
        assert most < 100

    play(body)


def test_dear_requests_in_one_batch_give_way_to_the_others() -> None:
    async def body(port: int) -> None:
        done = 0

        def dear(stanza: Any, point: UserSendPacketHook) -> Any:
            nonlocal done
            if point.session.jid.local == "romeo":
                end = time.perf_counter() + 0.02
                while time.perf_counter() < end:
                    pass
                done += 1
            return stanza

        await hooks.add("localhost", UserSendPacketHook, dear)
        juliet, romeo = await pair(port)
        romeo.send("<message to='juliet@localhost/none'/>" * 60)
        await node.until(lambda: done > 0)
        juliet.send("<message to='juliet@localhost/balcony'><body>meanwhile</body></message>")
        await juliet.expect("meanwhile")
        assert done < 60
        await node.until(lambda: done == 60)

    play(body, limits=LimitsSection(rate=None))


def test_who_asks_for_more_than_a_share_of_the_worker_pauses() -> None:
    async def body(port: int) -> None:
        def dear(stanza: Any, _point: UserSendPacketHook) -> Any:
            end = time.thread_time() + 0.5
            while time.thread_time() < end:
                pass
            return stanza

        assert not await is_read_after(dear, port)

    play(body, limits=LimitsSection(rate=1024, burst=4096))


def test_who_asks_when_the_machine_stands_still_does_not_pause() -> None:
    async def body(port: int) -> None:
        def held_up(stanza: Any, _point: UserSendPacketHook) -> Any:
            time.sleep(1.0)  # as a worker that is not let onto the processor; by the clock ten seconds' rate
            return stanza

        assert await is_read_after(held_up, port)

    play(body, limits=LimitsSection(rate=10_000, burst=50_000))


async def is_read_after(handler: Any, port: int) -> bool:
    """Whether more of a client is read at once when one request of it has met `handler`."""
    await hooks.add("localhost", UserSendPacketHook, handler)
    juliet = await entered(port, "juliet", "balcony")
    [stream] = await streams()
    juliet.send("<iq type='get' id='1' to='localhost'><x xmlns='y'/></iq>")
    await juliet.expect("<iq.*?</iq>")
    reading: bool = stream.target.state.connection.transport.reading  # type: ignore[union-attr]
    return reading


WIDE = f"<%s xmlns:p='{'n' * 1000}'>{'<p:x/>' * 400}</%s>"


def test_what_would_be_too_large_when_written_is_answered_and_the_stream_lives() -> None:
    async def body(port: int) -> None:
        juliet, romeo = await pair(port)
        for kind, type_ in (("message", "chat"), ("presence", "probe"), ("iq", "get")):
            juliet.send(WIDE % (f"{kind} type='{type_}' id='w' to='romeo@localhost/orchard'", kind))
            answer = await juliet.expect(f"<{kind}.*?</{kind}>")
            assert "<policy-violation " in answer
            assert "from='romeo@localhost/orchard'" in answer
            assert len(answer) < 1000
        juliet.send(WIDE % ("message type='error' to='romeo@localhost/orchard'", "message"))
        juliet.send("<message to='romeo@localhost/orchard'><body>after</body></message>")
        got = await romeo.expect("after")
        assert "nnn" not in got

    play(body)


def test_before_there_is_a_session_it_ends_the_stream() -> None:
    async def body(port: int) -> None:
        client = await Client.connect(port)
        await client.open()
        client.send(f"<message xmlns:p='{'n' * 1000}'>{'<p:x/>' * 30}</message>")
        assert "<policy-violation" in await client.gone()

    play(body)
