"""sm_client — a client with stream management, on asyncio: it attaches, detaches, resumes, and counts as XEP-0198 says.

Nothing here is the server's code: the elements come from expat as ElementTree has it (tests.support.wire). What it has
sent and the server has not acknowledged is kept and sent again after a resumption, as the XEP asks of clients.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from tests.support.wire import BIND, SASL, STREAM, Reader, condition, local

SM = "urn:xmpp:sm:3"
MODULO = 1 << 32
PATIENCE = 10.0


def _is_cancelled() -> bool:
    """Whether it is the running task that is to end, not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Refused(Exception):
    """The server said no: to the login, or it closed the stream meanwhile."""


@dataclass(slots=True)
class Out:
    """A stanza that is not acknowledged: its text, and what to call when it is, or when it leaves again."""

    xml: str
    acknowledged: Callable[[], None] = lambda: None
    repeated: Callable[[], None] = lambda: None
    ident: str = ""


@dataclass
class SmClient:
    """One session at a time of one resource. `on_stanza(element, number)`: number is the count that confirms it."""

    port: Callable[[], int]
    user: str
    resource: str
    on_stanza: Callable[[Element, int], None]
    password: str = "secret"
    domain: str = "localhost"
    managed: bool = True

    #: of the session
    jid: str = ""
    stream_id: str = ""
    h_in: int = 0
    base: int = 0  # what the server's h was when the first of `unacknowledged` was next
    unacknowledged: deque[Out] = field(default_factory=deque)
    #: of the connection
    reader: Reader = field(default_factory=Reader)
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    running: asyncio.Task[None] | None = None
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[str, asyncio.Future[Element]] = field(default_factory=dict)
    up: bool = False
    resumed: int = 0
    not_resumed: int = 0
    asked: int = 0
    why_not: str = ""

    def __post_init__(self) -> None:
        self.paused.set()

    # -- connecting

    async def connect(self) -> bool:
        """Log in, and resume the session that there was; whether it was resumed. Raises Refused, OSError."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._connect()
        except TimeoutError:
            self.drop()
            raise Refused("no answer in time") from None
        except (Refused, OSError):
            self.drop()
            raise

    async def _connect(self) -> bool:
        self.drop()
        self.streams = await asyncio.open_connection("127.0.0.1", self.port(), limit=1 << 20)
        await self._open()
        secret = base64.b64encode(f"\0{self.user}\0{self.password}".encode()).decode()
        self.write(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>")
        outcome = await self._next()
        if outcome.tag != f"{{{SASL}}}success":
            raise Refused(f"login: {condition(outcome)}")
        await self._open()
        resumed = bool(self.stream_id) and await self._resume()
        if not resumed:
            await self._bind()
        self.up = True
        self.running = asyncio.create_task(self._run())
        return resumed

    async def _open(self) -> None:
        self.reader = Reader()
        self.write(
            f"<?xml version='1.0'?><stream:stream xmlns:stream='{STREAM[1:-1]}' xmlns='jabber:client'"
            f" to='{self.domain}' version='1.0'>"
        )
        features = await self._next()
        if features.tag != STREAM + "features":
            raise Refused(f"{features.tag}")

    async def register(self, query: str) -> bool:
        """Connect and register (XEP-0077) with this query; whether the server says that it is done. Raises Refused,
        OSError."""
        self.streams = await asyncio.open_connection("127.0.0.1", self.port())
        await self._open()
        self.write(f"<iq type='set' id='register'>{query}</iq>")
        answer = await self._next()
        self.drop()
        return answer.get("type") == "result"

    async def _resume(self) -> bool:
        self.write(f"<resume xmlns='{SM}' previd='{self.stream_id}' h='{self.h_in % MODULO}'/>")
        answer = await self._next()
        if answer.tag == f"{{{SM}}}resumed":
            self._acknowledge(int(answer.get("h", "0")))
            for out in self.unacknowledged:
                out.repeated()
                self.write(out.xml)
            self.resumed += 1
            return True
        if answer.tag != f"{{{SM}}}failed":
            raise Refused(f"resume: {answer.tag}")
        if answer.get("h") is not None:
            self._acknowledge(int(answer.get("h", "0")))
        self.not_resumed += 1
        self.why_not = str(condition(answer))
        return False

    async def _bind(self) -> None:
        self.stream_id, self.h_in, self.base = "", 0, 0
        self.unacknowledged.clear()
        self.write(f"<iq type='set' id='bind'><bind xmlns='{BIND}'><resource>{self.resource}</resource></bind></iq>")
        answer = await self._next()
        if answer.get("type") != "result":
            raise Refused(f"bind: {condition(answer)}")
        self.jid = answer.findtext(f".//{{{BIND}}}jid") or ""
        if self.managed:
            self.write(f"<enable xmlns='{SM}' resume='true'/>")
            enabled = await self._next()
            if enabled.tag != f"{{{SM}}}enabled":
                raise Refused(f"enable: {enabled.tag}")
            self.stream_id = enabled.get("id", "")

    # -- the connection

    def write(self, text: str) -> None:
        """To the socket; lost without a word if that is gone."""
        if self.streams is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self.streams[1].write(text.encode())

    async def _next(self) -> Element:
        while not self.reader.elements:
            assert self.streams is not None
            data = await self.streams[0].read(65536)
            if not data or self.reader.ended:
                raise Refused("the stream has ended")
            if data.find(b"<?xml") > 0:  # behind <success/>: the next stream ends before we have begun it
                raise Refused("the server ends a stream that it has just begun")
            self.reader.feed(data)
        element = self.reader.elements.popleft()
        if element.tag == STREAM + "error":
            raise Refused(f"stream error {local(element[0]) if len(element) else ''}")
        return element

    async def _run(self) -> None:
        """Read until the connection ends."""
        with contextlib.suppress(Refused, OSError):
            while True:
                await self.paused.wait()
                self._handle(await self._next())
        self.up = False
        for waiting in self.answers.values():
            waiting.cancel()
        self.answers.clear()

    def _handle(self, element: Element) -> None:
        match element.tag:
            case "{urn:xmpp:sm:3}r":
                self.say_count()
            case "{urn:xmpp:sm:3}a":
                self._acknowledge(int(element.get("h", "0")))
            case _:
                self.h_in += 1
                waiting = self.answers.pop(element.get("id", ""), None) if local(element) == "iq" else None
                if waiting is not None and element.get("type") in ("result", "error"):
                    self._covered(element.get("id", ""))
                    if not waiting.done():
                        waiting.set_result(element)
                else:
                    self.on_stanza(element, self.h_in)

    def _acknowledge(self, h: int) -> None:
        done = (h - self.base) % MODULO
        if done > len(self.unacknowledged):
            raise AssertionError(f"{self.user}: h={h} but only {self.base + len(self.unacknowledged)} were sent")
        for _ in range(done):
            self.unacknowledged.popleft().acknowledged()
        self.base = h

    def _covered(self, ident: str) -> None:
        """An answer to a request: without stream management it acknowledges all that was sent before."""
        names = [out.ident for out in self.unacknowledged]
        if not self.stream_id and ident in names:
            for _ in range(names.index(ident) + 1):
                self.unacknowledged.popleft().acknowledged()

    # -- what it does

    def say_count(self) -> None:
        """<a h/>."""
        self.write(f"<a xmlns='{SM}' h='{self.h_in % MODULO}'/>")

    def send(self, out: Out, ask: bool = False) -> None:
        """A stanza, and <r/> behind it if `ask`; kept until it is acknowledged."""
        self.unacknowledged.append(out)
        if self.up:
            self.write(out.xml + (f"<r xmlns='{SM}'/>" if ask and self.stream_id else ""))

    async def ask(self, type_: str, payload: str, to: str = "", seconds: float = PATIENCE) -> Element | None:
        """An IQ and its answer; None if the connection broke or nothing came."""
        self.asked += 1
        ident = f"{self.resource}-q{self.asked}"
        answer = self.answers[ident] = asyncio.get_running_loop().create_future()
        address = f" to='{to}'" if to else ""
        self.send(Out(f"<iq type='{type_}' id='{ident}'{address}>{payload}</iq>", ident=ident))
        if not self.up:
            return None
        try:
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 loses a cancellation now and then
                return await answer
        except (TimeoutError, asyncio.CancelledError):
            self.answers.pop(ident, None)
            if _is_cancelled():
                raise
            return None

    def drop(self) -> None:
        """Break the connection; the session waits on the server to be resumed."""
        self.up = False
        if self.running is not None:
            self.running.cancel()
            self.running = None
        for waiting in self.answers.values():
            waiting.cancel()
        self.answers.clear()
        if self.streams is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self.streams[1].transport.abort()
            self.streams = None

    async def close(self) -> None:
        """End the session in order."""
        try:
            if self.up:
                self.say_count()
                self.write("</stream:stream>")
                await self._ends()
                if self.reader.ended:  # the server's own end acknowledges all that came before
                    for out in self.unacknowledged:
                        out.acknowledged()
        finally:
            self.drop()
            self.stream_id = ""
            self.unacknowledged.clear()

    async def _ends(self) -> None:
        """Until the server has closed the stream, or the connection is broken; at most PATIENCE."""
        try:
            if self.running is not None:
                async with asyncio.timeout(PATIENCE):
                    await asyncio.shield(self.running)
        except (TimeoutError, asyncio.CancelledError):
            if _is_cancelled():
                raise
