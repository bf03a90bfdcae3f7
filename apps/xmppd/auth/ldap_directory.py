"""ldap_directory — what a directory is asked: to bind, and to search; in bounded time, over a few connections.

OTP:      cf. eldap.erl, eldap_pool.erl of ejabberd
Way:      auth_ldap → [ldap_directory] → the directory
Process:  runs in the c2s; connections are kept for the next who asks
RFC:      4511 (the grammar is sansldap's), 4513 §3.1 (StartTLS) and §5.1 (simple bind), 6125 (its certificate)
Differs:  follows no referral: nobody else is shown a password

A connection is of one question at a time. That another has bound on it before means nothing, for a bind begins by
forgetting who was there (RFC 4511 §4.2.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from sansldap import (
    BindResponse,
    ExtendedOperations,
    ExtendedResponse,
    LDAPClient,
    LDAPError,
    LDAPFilter,
    LDAPMessage,
    LDAPResultCode,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
)

from otp.erts.clock import CLOCK
from xmppd import limits_hit
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.auth.service_fails import ServiceFails

T = TypeVar("T")
#: bytes of the answers to one question
MOST: Final = 65536
#: seconds that a connection may wait for the next question
IDLE: Final = 60.0
#: the attribute that stands for none. RFC: 4511 §4.5.1.8
_NONE: Final = "1.1"


class LdapConnection:
    """A connection to a directory."""

    __slots__ = ("_reader", "_session", "_writer", "used_at")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: LDAPClient) -> None:
        self._reader, self._writer, self._session = reader, writer, session
        self.used_at = CLOCK.monotonic()

    async def bind(self, name: str, password: str) -> LDAPResultCode:
        """Bind by name and password; what comes of it. Raises OSError, EOFError, LDAPError, ValueError."""
        if not name or not password:
            raise ValueError("a bind without a name or a password proves nothing")  # RFC 4513 §5.1.2
        *_, answer = await self._answers(self._session.bind_simple(name, password))
        if not isinstance(answer, BindResponse):
            raise EOFError("its answer to a bind is none")
        return answer.result.result_code

    async def forget(self) -> None:
        """Be nobody, whoever has bound before. Raises OSError, EOFError, LDAPError. RFC: 4513 §5.1.1"""
        *_, answer = await self._answers(self._session.bind_simple())
        if not isinstance(answer, BindResponse) or answer.result.result_code != LDAPResultCode.SUCCESS:
            raise EOFError("it wants nobody to ask who does not bind: ldap_bind_dn is missing")

    async def search(self, base: str, wanted: LDAPFilter, seconds: float) -> tuple[LDAPResultCode, list[str]]:
        """Search the whole tree below `base`; what comes of it, and the names of entries: of two, if there are more.
        Raises OSError, EOFError, LDAPError."""
        id_ = self._session.search_request(
            base, size_limit=2, time_limit=max(1, int(seconds)), filter=wanted, attributes=[_NONE]
        )
        *found, answer = await self._answers(id_)
        if not isinstance(answer, SearchResultDone):
            raise EOFError("its answer to a search is none")
        return answer.result.result_code, [one.object_name for one in found if isinstance(one, SearchResultEntry)]

    def is_open(self) -> bool:
        """Whether it may be asked, as far as is known here."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()

    async def _answers(self, id_: int) -> list[LDAPMessage]:
        """Send what waits to be sent, and read what answers the message `id_`; the last says what came of it."""
        self._writer.write(self._session.data_to_send())
        await self._writer.drain()
        got: list[LDAPMessage] = []
        left = MOST
        while not got or isinstance(got[-1], SearchResultEntry | SearchResultReference):
            data = await self._reader.read(4096)
            left -= len(data)
            if not data or left < 0:
                raise EOFError("its answer is too long" if data else "it has closed the connection")
            got += self._session.receive(data)
        if any(message.message_id != id_ for message in got):
            raise EOFError("it answers what was not asked")
        return got


async def _connect(directory: LdapDirectory) -> socket.socket:
    """A connection to the first of its addresses that takes one. Raises OSError."""
    loop = asyncio.get_running_loop()
    host, port = directory.address
    failed: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
            return sock
        except OSError as error:
            failed = error
            sock.close()
        except BaseException:
            sock.close()
            raise
    raise failed or OSError("it has no address")


async def _start_tls(sock: socket.socket, session: LDAPClient) -> None:
    """Ask for TLS in clear text, and read the answer byte by byte: what somebody has put behind it is left for the
    handshake, which then fails. Raises OSError, EOFError, LDAPError. RFC: 4511 §4.14"""
    loop = asyncio.get_running_loop()
    session.extended_request(ExtendedOperations.LDAP_START_TLS.value)
    await loop.sock_sendall(sock, session.data_to_send())
    answers: list[LDAPMessage] = []
    for _ in range(4096):
        data = await loop.sock_recv(sock, 1)
        if not data:
            raise EOFError("it has closed the connection")
        if answers := session.receive(data):
            break
    match answers:
        case [ExtendedResponse() as answer] if answer.result.result_code == LDAPResultCode.SUCCESS:
            return
    raise EOFError("it does not begin TLS")


class Connections:
    """The connections of a worker to a directory; certificates are verified."""

    __slots__ = ("_directory", "_idle", "_ssl", "_turns")

    def __init__(self, directory: LdapDirectory) -> None:
        self._directory = directory
        safe = directory.direct_tls or directory.starttls
        self._ssl = ssl.create_default_context(cafile=directory.ca) if safe else None
        self._turns = asyncio.Semaphore(directory.connections)
        self._idle: list[LdapConnection] = []

    async def ask(self, question: Callable[[LdapConnection], Awaitable[T]]) -> T:
        """What a question leads to that is put over a connection of its own. Raises ServiceFails."""
        seconds, waits = self._directory.seconds, True
        try:
            async with asyncio.timeout(seconds), self._turns:
                waits = False
                return await self._ask(question)
        except TimeoutError as error:
            if waits:
                limits_hit.LOGIN_QUEUE.n += 1
                raise ServiceFails("too many are being asked about") from None
            raise ServiceFails(f"it has not answered in {seconds:g} seconds: {error}".rstrip(": ")) from None
        except (OSError, EOFError, ValueError, LDAPError) as error:
            raise ServiceFails(str(error) or type(error).__name__) from None

    def close(self) -> None:
        """Close those that wait for a question."""
        while self._idle:
            self._idle.pop().close()

    async def _ask(self, question: Callable[[LdapConnection], Awaitable[T]]) -> T:
        """One that was kept may have been closed by the other side: then another is asked."""
        while (kept := self._kept()) is not None:
            with contextlib.suppress(OSError, EOFError, LDAPError):
                return await self._over(kept, question)
        return await self._over(await self._open(), question)

    async def _over(self, connection: LdapConnection, question: Callable[[LdapConnection], Awaitable[T]]) -> T:
        try:
            answer = await question(connection)
        except BaseException:
            connection.close()
            raise
        connection.used_at = CLOCK.monotonic()
        self._idle.append(connection)
        return answer

    def _kept(self) -> LdapConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open() and CLOCK.monotonic() - connection.used_at < IDLE:
                return connection
            connection.close()
        return None

    async def _open(self) -> LdapConnection:
        session = LDAPClient()
        sock = await _connect(self._directory)
        try:
            if self._ssl is not None and not self._directory.direct_tls:
                await _start_tls(sock, session)
            name = self._directory.address[0] if self._ssl is not None else None
            reader, writer = await asyncio.open_connection(sock=sock, ssl=self._ssl, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return LdapConnection(reader, writer, session)
