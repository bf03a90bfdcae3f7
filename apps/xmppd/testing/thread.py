"""thread — the server of a test on a thread of its own, and the same methods for tests that do not await.

Way:      a test → [thread] → xmppd.testing.server
Process:  those of the server, on a loop of that thread; it is still the one node of this OS process

    with serve_in_thread(tls=True) as server:
        start_my_bot(server.host, server.port, server.account("bot"), "secret", server.certificate)
        alice = server.client("alice")
        alice.send("<message to='bot@localhost' type='chat'><body>hello</body></message>")
        assert alice.receive().child_text("body") == "hello to you"
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, Unpack

from otp.erts import runtime
from xmpp_core.element import Element
from xmppd.commands import Answer
from xmppd.gen_mod import Mod
from xmppd.testing.client import PATIENCE, Client
from xmppd.testing.clock import MovableClock
from xmppd.testing.server import PASSWORD, Server, serve
from xmppd.testing.settings import Settings

T = TypeVar("T")


class _Loop:
    """The loop of the thread, from outside."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it on the server's thread, and wait until it is done."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def call(self, fn: Callable[..., T], *args: Any) -> T:
        """The same for a plain function."""

        async def called() -> T:
            return fn(*args)

        return self.wait(called())


class ThreadClient:
    """A client.Client on the server's thread: each function does what that one's does, and returns when it is done."""

    def __init__(self, loop: _Loop, client: Client) -> None:
        self._loop = loop
        #: the client itself, for the rest of what it can: server.run(client.inner.open)
        self.inner = client

    @property
    def jid(self) -> str:
        """Its full JID."""
        return self.inner.jid

    @property
    def seen(self) -> str:
        """All that came."""
        return self.inner.seen

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self.inner.closed

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        self._loop.call(self.inner.send, text)

    def expect(self, pattern: str, seconds: float = PATIENCE) -> str:
        """Wait until a regular expression matches; what was before it is passed over. Raises AssertionError."""
        return self._loop.wait(self.inner.expect(pattern, seconds))

    def receive(self, seconds: float = PATIENCE) -> Element:
        """The next element. Raises AssertionError."""
        return self._loop.wait(self.inner.receive(seconds))

    def ask(self, iq: str, seconds: float = PATIENCE) -> Element:
        """Send an IQ and wait for its answer. Raises AssertionError; ValueError if it has no id."""
        return self._loop.wait(self.inner.ask(iq, seconds))

    def nothing_more(self) -> bool:
        """True if all that came has been matched. Let the server come to rest before: settle()."""
        return self.inner.nothing_more()

    def gone(self) -> str:
        """Wait until the server has closed; returns what was not matched before. Raises AssertionError."""
        return self._loop.wait(self.inner.gone())

    def close(self) -> None:
        """End the stream in order. Raises AssertionError."""
        self._loop.wait(self.inner.close())

    def drop(self) -> None:
        """Break the connection without a word."""
        self._loop.call(self.inner.drop)


class ThreadClock:
    """A clock.MovableClock on the server's thread."""

    def __init__(self, loop: _Loop, clock: MovableClock) -> None:
        self._loop, self._inner = loop, clock

    def now(self) -> datetime:
        """What time it is for the server, in UTC."""
        return self._inner.now()

    def advance(self, by: float | timedelta) -> None:
        """Let the server live through `by` seconds at once, timer after timer. Raises ValueError if it is negative."""
        self._loop.wait(self._inner.advance(by))


class ThreadServer:
    """A server.Server on a thread of its own: each function does what that one's does, and returns when it is done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        self._loop, self._inner = _Loop(loop), server
        self.host, self.port = server.host, server.port
        self.component_port, self.http_port = server.component_port, server.http_port
        self.domain: str = server.domain
        self.certificate: Path | None = server.certificate
        self.clock = ThreadClock(self._loop, server.clock)

    def account(self, user: str, password: str = PASSWORD) -> str:
        """Make an account; returns its JID. Raises xmppd.auth.auth.AccountExists, BadName, BadPassword."""
        return self._loop.wait(self._inner.account(user, password))

    def client(self, user: str, resource: str = "", password: str = PASSWORD) -> ThreadClient:
        """A client that has logged in; its account is made if there is none. Raises AssertionError."""
        return ThreadClient(self._loop, self._loop.wait(self._inner.client(user, resource, password)))

    def connect(self) -> ThreadClient:
        """A client that has connected and sent nothing. Raises OSError."""
        return ThreadClient(self._loop, self._loop.wait(self._inner.connect()))

    def component(self, domain: str) -> ThreadClient:
        """A connected component of `components`. Raises AssertionError, KeyError."""
        return ThreadClient(self._loop, self._loop.wait(self._inner.component(domain)))

    def command(self, name: str, /, **params: Any) -> Answer:
        """Call a command as `./rel/xmppd NAME` does, its parameters by their names. Raises CommandError."""
        return self._loop.wait(self._inner.command(name, **params))

    def mod(self, module: str | ModuleType, host: str = "") -> Mod:
        """A module as it is on a host (the first), which is what its functions take. Raises KeyError."""
        return self._inner.mod(module, host)

    def settle(self) -> None:
        """Return when the server is at rest, and clients of client() have got all that it sent to them."""
        self._loop.wait(self._inner.settle())

    def run(self, fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        """What fn(*args), awaited on the server's thread, gives: for a look into the server."""

        async def awaited() -> T:
            return await fn(*args)

        return self._loop.wait(awaited())

    def end(self, event: asyncio.Event) -> None:
        """Tell the thread, which waits for this event, to stop the server."""
        self._loop.call(event.set)


@contextlib.contextmanager
def serve_in_thread(**chosen: Unpack[Settings]) -> Iterator[ThreadServer]:
    """server.serve() on a thread of its own, for as long as the block lasts. Raises what that raises."""
    started: Future[tuple[ThreadServer, asyncio.Event]] = Future()

    async def served() -> None:
        async with serve(**chosen) as server:
            end = asyncio.Event()
            started.set_result((ThreadServer(asyncio.get_running_loop(), server), end))
            await end.wait()

    def body() -> None:
        try:
            with asyncio.Runner(loop_factory=runtime.new_loop) as runner:
                runner.run(served())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=body, name="xmppd", daemon=True)
    thread.start()
    server, end = started.result()
    try:
        yield server
    finally:
        server.end(end)
        thread.join()
