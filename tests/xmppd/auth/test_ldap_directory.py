"""test_ldap_directory — connections to a directory: few, kept, bounded in time and bytes, and never over bad TLS.

Way:  xmppd.auth.ldap_directory against a hostile directory, which this file plays; a real one is in test_auth_ldap
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sansldap import (
    BindRequest,
    ExtendedRequest,
    LDAPFilter,
    LDAPMessage,
    LDAPResultCode,
    LDAPServer,
    SearchRequest,
)

from tests.support.certificates import make
from xmppd.auth import ldap_directory
from xmppd.auth.ldap_directory import Connections, LdapConnection
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.auth.service_fails import ServiceFails

#: what a directory answers; None: it says nothing, and waits
Answer = Callable[[LDAPServer, LDAPMessage], bytes | None]


class Played:
    """A directory that this file plays, in clear text: what it was asked, and how many connections it has had."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.port = answer, 0
        self.asked: list[LDAPMessage] = []
        self.had, self.open, self.most = 0, 0, 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.had, self.open = self.had + 1, self.open + 1
        self.most = max(self.most, self.open)
        session = LDAPServer()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                for message in session.receive(data):
                    self.asked.append(message)
                    await self.answers.wait()
                    said = self.answer(session, message)
                    if said is None:
                        await reader.read()
                        break
                    writer.write(said)
        self.open -= 1
        writer.close()


@contextlib.asynccontextmanager
async def played(answer: Answer) -> AsyncIterator[Played]:
    it = Played(answer)
    listening = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = listening.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        listening.close()


def right(session: LDAPServer, message: LDAPMessage) -> bytes:
    """A directory as it should be, to which every password is right."""
    if isinstance(message, BindRequest):
        session.bind_response(message.message_id)
    elif isinstance(message, SearchRequest):
        session.search_result_entry(message.message_id, "uid=juliet", [])
        session.search_result_done(message.message_id)
    return session.data_to_send()


def always(said: bytes | None) -> Answer:
    return lambda session, message: said


async def bind(asked: LdapConnection) -> LDAPResultCode:
    return await asked.bind("uid=juliet", "secret")


def to(it: Played, seconds: float = 10.0, connections: int = 8) -> Connections:
    return Connections(
        LdapDirectory(f"ldap://127.0.0.1:{it.port}", starttls=False, seconds=seconds, connections=connections)
    )


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(body())  # type: ignore[arg-type]


def test_a_connection_is_kept_for_the_next_question() -> None:
    async def body() -> None:
        async with played(right) as it:
            connections = to(it)
            for _ in range(3):
                assert await connections.ask(bind) == LDAPResultCode.SUCCESS
            assert it.had == 1
            connections.close()
            await connections.ask(bind)
            assert it.had == 2
            connections.close()

    run(body)


def test_one_that_has_waited_too_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap_directory, "IDLE", 0.0)

    async def body() -> None:
        async with played(right) as it:
            connections = to(it)
            await connections.ask(bind)
            await connections.ask(bind)
            assert it.had == 2
            connections.close()

    run(body)


@pytest.mark.parametrize("seen", [True, False])
def test_one_that_was_closed_meanwhile_is_replaced(seen: bool) -> None:
    """Whether the end was there before the question, or comes instead of the answer."""
    times = [0]

    def once(session: LDAPServer, message: LDAPMessage) -> bytes | None:
        times[0] += 1
        if times[0] == 2:
            raise ConnectionResetError  # the connection of the first question ends by the second
        return right(session, message)

    async def body() -> None:
        async with played(right if seen else once) as it:
            connections = to(it)
            await connections.ask(bind)
            if seen:
                kept = connections._idle[0]
                kept._writer.transport.abort()
                await asyncio.sleep(0)
            assert await connections.ask(bind) == LDAPResultCode.SUCCESS
            assert it.had == 2
            connections.close()

    run(body)


def test_there_are_no_more_than_told_and_the_others_wait() -> None:
    async def body() -> None:
        async with played(right) as it:
            connections = to(it, seconds=60, connections=3)
            it.answers.clear()
            asking = [asyncio.ensure_future(connections.ask(bind)) for _ in range(20)]
            async with asyncio.timeout(30):
                while len(it.asked) < 3:
                    await asyncio.sleep(0.01)
            it.answers.set()
            assert set(await asyncio.gather(*asking)) == {LDAPResultCode.SUCCESS}
            assert (it.had, it.most) == (3, 3)
            connections.close()

    run(body)


def test_those_who_wait_too_long_come_back_later() -> None:
    async def body() -> None:
        async with played(always(None)) as it:
            connections = to(it, seconds=0.2, connections=1)
            async with connections._turns:  # somebody else's question takes as long as it likes
                with pytest.raises(ServiceFails, match="too many are being asked about"):
                    await connections.ask(bind)
            assert it.asked == []

    run(body)


def test_it_is_free_again_after_it_has_hung() -> None:
    hangs = [True]

    async def body() -> None:
        async with played(lambda session, message: None if hangs[0] else right(session, message)) as it:
            connections = to(it, seconds=0.3, connections=1)
            with pytest.raises(ServiceFails, match=r"has not answered in 0\.3 seconds"):
                await connections.ask(bind)
            hangs[0] = False
            connections._directory = to(it, seconds=30)._directory
            assert await connections.ask(bind) == LDAPResultCode.SUCCESS
            connections.close()

    run(body)


def _other_id(session: LDAPServer, message: LDAPMessage) -> bytes:
    return b"\x30\x0c\x02\x01\x63\x61\x07\x0a\x01\x00\x04\x00\x04\x00"  # bindResponse 99, success


def _search_done(session: LDAPServer, message: LDAPMessage) -> bytes:
    return b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"  # searchResDone 1, success


def _bound_twice(session: LDAPServer, message: LDAPMessage) -> bytes:
    return b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00" * 2


def _bye(session: LDAPServer, message: LDAPMessage) -> bytes:
    oid = b"1.3.6.1.4.1.1466.20036"
    rest = b"\x0a\x01\x34\x04\x00\x04\x00\x8a" + bytes([len(oid)]) + oid
    op = b"\x78" + bytes([len(rest)]) + rest
    return b"\x30" + bytes([len(op) + 3]) + b"\x02\x01\x00" + op


@pytest.mark.parametrize("answer", [
    _other_id, _search_done, _bound_twice, _bye, always(b"HTTP/1.1 400 Bad Request\r\n\r\n"), always(b"\x30\x00"),
    always(b"\x30\x84\x7f\xff\xff\xff" + b"a" * 100_000), always(b"\x30\x03\x02\x01\x01"),
], ids=["id", "kind", "twice", "bye", "http", "empty", "long", "short"])  # fmt: skip
def test_what_is_no_answer_is_none(answer: Answer) -> None:
    async def body() -> None:
        async with played(answer) as it:
            connections = to(it, seconds=2)
            with pytest.raises(ServiceFails):
                await connections.ask(bind)
            assert not connections._idle

    run(body)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=60))
def test_nothing_that_it_says_is_more_than_a_failure(said: bytes) -> None:
    async def body() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(4096)
            writer.write(said)
            writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        connections = Connections(LdapDirectory(f"ldap://127.0.0.1:{port}", starttls=False, seconds=30))
        with pytest.raises(ServiceFails):
            await connections.ask(bind)
        listening.close()

    run(body)


def test_an_answer_that_drips_is_bounded_by_the_whole_time() -> None:
    async def body() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\x30\x84\x00\x00\xff\x00")
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        connections = Connections(LdapDirectory(f"ldap://127.0.0.1:{port}", starttls=False, seconds=0.5))
        async with asyncio.timeout(60):
            with pytest.raises(ServiceFails, match="has not answered"):
                await connections.ask(bind)
        listening.close()

    run(body)


def test_a_bind_that_proves_nothing_is_never_sent() -> None:
    async def body() -> None:
        async with played(right) as it:
            connections = to(it)
            for name, password in (("", "secret"), ("uid=juliet", "")):
                with pytest.raises(ServiceFails, match="proves nothing"):
                    await connections.ask(lambda asked, n=name, p=password: asked.bind(n, p))  # type: ignore[misc]
            assert it.asked == []

    run(body)


def test_a_search_asks_for_two_entries_and_no_attribute() -> None:
    async def search(asked: LdapConnection) -> tuple[LDAPResultCode, list[str]]:
        return await asked.search("dc=example", LDAPFilter.from_string("(uid=juliet)"), 5.0)

    async def body() -> None:
        async with played(right) as it:
            connections = to(it)
            assert await connections.ask(search) == (LDAPResultCode.SUCCESS, ["uid=juliet"])
            [asked] = it.asked
            assert isinstance(asked, SearchRequest)
            assert (asked.size_limit, asked.attributes, asked.base_object) == (2, ["1.1"], "dc=example")
            connections.close()

    run(body)


# -- TLS


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_its_certificate_is_verified(tmp_path: Path, name: str, trusted: bool, direct: bool) -> None:
    ca = make("ca", authority=True)
    shown = make("localhost", by=ca)
    (tmp_path / "ca.pem").write_text(ca.certificate if trusted else make("ca", authority=True).certificate)
    (tmp_path / "own.pem").write_text(shown.certificate + shown.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    binds: list[LDAPMessage] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = LDAPServer()
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                for message in session.receive(data):
                    if isinstance(message, ExtendedRequest):
                        session.extended_response(message.message_id)
                        writer.write(session.data_to_send())
                        await writer.start_tls(context)
                    else:
                        binds.append(message)
                        writer.write(right(session, message))
        writer.close()

    async def body() -> LDAPResultCode:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context if direct else None)
        port = listening.sockets[0].getsockname()[1]
        url = f"{'ldaps' if direct else 'ldap'}://{name}:{port}"
        connections = Connections(LdapDirectory(url, ca=tmp_path / "ca.pem", seconds=30))
        try:
            return await connections.ask(bind)
        finally:
            connections.close()
            listening.close()

    if trusted and name == "localhost":
        assert asyncio.run(body()) == LDAPResultCode.SUCCESS
    else:
        with pytest.raises(ServiceFails, match="certificate"):
            asyncio.run(body())
        assert binds == []


@pytest.mark.parametrize("code", [LDAPResultCode.PROTOCOL_ERROR, LDAPResultCode.UNAVAILABLE])
def test_no_password_goes_to_one_that_refuses_tls(code: LDAPResultCode) -> None:
    def refuses(session: LDAPServer, message: LDAPMessage) -> bytes:
        session.extended_response(message.message_id, result_code=code)
        return session.data_to_send()

    async def body() -> None:
        async with played(refuses) as it:
            connections = Connections(LdapDirectory(f"ldap://127.0.0.1:{it.port}", seconds=30))
            with pytest.raises(ServiceFails, match="does not begin TLS"):
                await connections.ask(bind)
            assert [type(one) for one in it.asked] == [ExtendedRequest]

    run(body)


def test_what_is_put_behind_the_answer_to_starttls_is_not_read() -> None:
    """An answer to the bind that comes in clear text, before TLS, from somebody on the way."""

    def injects(session: LDAPServer, message: LDAPMessage) -> bytes:
        session.extended_response(message.message_id)
        return session.data_to_send() + b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"

    async def body() -> None:
        async with played(injects) as it:
            connections = Connections(LdapDirectory(f"ldap://127.0.0.1:{it.port}", seconds=30))
            with pytest.raises(ServiceFails, match=r"(?i)ssl|tls|closed|reset|record|version"):
                await connections.ask(bind)

    run(body)


def test_nobody_is_there() -> None:
    async def body() -> None:
        async with played(right) as it:
            port = it.port
        with pytest.raises(ServiceFails):
            await Connections(LdapDirectory(f"ldaps://127.0.0.1:{port}", seconds=30)).ask(bind)

    run(body)
