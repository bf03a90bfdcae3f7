"""A stock client: slixmpp says that nobody looks at it, with stream management and carbons on, and misses nothing."""

from __future__ import annotations

import asyncio

import slixmpp

from xmppd.testing.server import serve

PATIENCE = 20.0


class Phone(slixmpp.ClientXMPP):
    """A client that writes down what it gets, in its order."""

    def __init__(self, jid: str, certificate: str) -> None:
        super().__init__(jid, "secret")
        self.ca_certs = certificate
        self.enable_direct_tls = False
        self.seen: list[str] = []
        self.there, self.offered = [asyncio.get_running_loop().create_future() for _ in range(2)]
        for plugin in ("xep_0085", "xep_0198", "xep_0199", "xep_0280", "xep_0352"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self._begin)
        self.add_event_handler("csi_enabled", lambda _: self.offered.set_result(None))
        self.add_event_handler("message", lambda message: self.seen.append(message["body"]))
        self.add_event_handler("chatstate_composing", lambda message: self.seen.append("composing"))
        self.add_event_handler("changed_status", lambda presence: self.seen.append(presence["status"]))

    async def _begin(self, _: object) -> None:
        self.send_presence()
        await self.plugin["xep_0280"].enable()
        self.there.set_result(None)


async def play() -> None:
    async with serve(tls=True) as server:
        phone = Phone(await server.account("alice"), str(server.certificate))
        phone.connect(server.host, server.port)
        bob = await server.client("bob", "desk")
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(phone.there, phone.offered)
            phone.plugin["xep_0352"].send_inactive()
            await phone.plugin["xep_0199"].ping("localhost")
            phone.seen.clear()
            to = phone.boundjid.full
            for word in ("one", "two"):
                bob.send(f"<presence to='{to}'><status>{word}</status></presence>")
            bob.send(
                f"<message to='{to}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
            )
            await server.settle()
            assert not phone.seen
            bob.send(f"<message to='{to}' type='chat'><body>three</body></message>")
            while "three" not in phone.seen:
                await asyncio.sleep(0.01)
            assert phone.seen == ["two", "composing", "three"]
            bob.send(f"<presence to='{to}'><status>four</status></presence>")
            await server.settle()
            phone.plugin["xep_0352"].send_active()
            await phone.plugin["xep_0199"].ping("localhost")
            assert phone.seen[3:] == ["four"], "before the answer to what it asked next"
        await phone.disconnect()


def test_it_gets_what_waited_in_order_with_what_is_urgent() -> None:
    asyncio.run(play())
