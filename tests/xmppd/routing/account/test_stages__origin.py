"""The stages of an account know who has sent a stanza: a client of any host, a component, the server itself."""

from __future__ import annotations

import asyncio

from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, make_message
from xmppd.routing import hooks, router
from xmppd.routing.context import Origin
from xmppd.routing.hook_points import AccountReceivesHook
from xmppd.testing.server import serve

TEXT = "<message{from_} to='{to}'><body>{body}</body></message>"


def test_each_sender_is_known_for_what_it_is() -> None:
    seen: dict[str, Origin] = {}

    def look(stanza: Stanza | None, point: AccountReceivesHook) -> Stanza | None:
        assert stanza is not None
        assert stanza.from_ is not None
        seen[stanza.from_.domain] = point.context.origin
        return stanza

    async def body() -> None:
        hosts = ("localhost", "b.example")  # at the second nobody takes part in anything
        # an archive takes messages from processes only
        without = {"mod_mam": False}
        async with serve(hosts=hosts, components={"bot.localhost": "s3"}, modules=without) as server:
            await hooks.add("localhost", AccountReceivesHook, look)
            juliet = await server.client("juliet")
            nurse, romeo = await server.client("nurse"), await server.client("romeo@b.example")
            bot = await server.component("bot.localhost")
            for client, from_ in ((nurse, ""), (romeo, ""), (bot, " from='bot.localhost'")):
                client.send(TEXT.format(from_=from_, to=juliet.jid, body="hi"))
                await juliet.receive()
            assert seen == {"localhost": Origin.CLIENT, "b.example": Origin.CLIENT, "bot.localhost": Origin.COMPONENT}
            await router.route(make_message(JID.parse(juliet.jid), "hi", from_=JID("", "localhost")))
            await juliet.receive()
            assert seen["localhost"] == Origin.SERVER

    asyncio.run(body())
