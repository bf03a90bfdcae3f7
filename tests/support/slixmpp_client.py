"""slixmpp_client — slixmpp as its users have it: TLS with a certificate that is checked, SCRAM, its own roster and
presence.

async with SlixmppClient.login(server, "romeo1") as romeo:
    romeo.send_message(mto=…, mbody=…)
    message = await romeo.got("message")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import slixmpp

from tests.support.booted import Booted

PATIENCE = 10.0
#: of slixmpp; a presence with <show>dnd</show> is presence_dnd there
EVENTS = (
    "session_start", "disconnected", "failed_auth", "stream_error", "message", "roster_update",
    "presence_available", "presence_dnd", "presence_unavailable", "presence_subscribe", "presence_subscribed",
)  # fmt: skip


class SlixmppClient(slixmpp.ClientXMPP):  # type: ignore[misc]  # slixmpp is untyped here and there
    """A client; what it is told waits in `seen`, by the name of slixmpp's event."""

    def __init__(self, jid: str, password: str, ca: str, mechanism: str | None = None) -> None:
        super().__init__(jid, password, sasl_mech=mechanism)
        self.ca_certs = ca
        self.auto_authorize = None
        self.enable_direct_tls = False
        self.seen: dict[str, asyncio.Queue[Any]] = {}
        for plugin in ("xep_0030", "xep_0199", "xep_0092"):
            self.register_plugin(plugin)
        for event in EVENTS:
            queue = self.seen[event] = asyncio.Queue()
            self.add_event_handler(event, queue.put_nowait)

    async def got(self, event: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next such event that is wanted; others of its name are passed over. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.seen[event].get()
                if wanted(found):
                    return found

    def nothing(self, event: str) -> bool:
        """Whether no such event waits."""
        return self.seen[event].empty()

    @classmethod
    @asynccontextmanager
    async def login(
        cls, server: Booted, user: str, resource: str = "", mechanism: str | None = None, port: int = 0
    ) -> AsyncIterator[SlixmppClient]:
        """Connected over STARTTLS, logged in, the roster there, available; disconnected at the end."""
        jid = f"{user}@localhost/{resource}" if resource else f"{user}@localhost"
        client = cls(jid, "secret", str(server.ca()), mechanism)
        try:
            await client.enter(port or server.tls)
            yield client
        finally:
            await client.leave()

    async def enter(self, port: int) -> None:
        """Connect and log in. Raises TimeoutError."""
        self.connect("127.0.0.1", port)
        await self.got("session_start")
        await self.get_roster()
        self.send_presence()
        await self.got("presence_available", lambda p: p["from"] == self.boundjid)

    async def leave(self) -> None:
        """Disconnect in order, if still connected."""
        self.auto_reconnect = False
        if self.is_connected():
            await self.disconnect(wait=1.0)
        self.cancel_connection_attempt()
