"""XEP-0198 over the wire: counted in both directions, resumed with what has not come, and sent on when nobody comes."""

from __future__ import annotations

import re

from tests.support import node
from tests.support.sm_client import BIND, SM, back, detached, enabled, message
from xmppd.routing.sm import sm
from xmppd.testing.server import serve


def test_stanzas_are_counted_in_both_directions() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            alice.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            alice.send("<presence/><message/>")  # one that is refused counts as well
            alice.send(f"<r xmlns='{SM}'/>")
            await alice.expect(f"<r xmlns='{SM}'/>")  # whether she has got what she wrote to herself
            await alice.expect(f"<a xmlns='{SM}' h='3'/>")
            alice.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            await alice.expect("<iq .*?/>")
            await server.clock.advance(1)
            await alice.expect(f"<r xmlns='{SM}'/>")

    node.run(body)


def test_what_has_not_come_is_sent_again_in_its_order_and_once() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            for text in ("first", "second"):
                bob.send(message(text))
                await alice.expect(text)
            alice.send(f"<a xmlns='{SM}' h='1'/>")
            await server.settle()
            alice.drop()
            await detached()
            bob.send(message("third"))
            await server.settle()
            alice = await back(server, id_, 1)
            bob.send(message("fourth"))
            got = await alice.expect("<resumed .*fourth</body>")
            assert re.findall("<body>(.*?)<", got) == ["second", "third", "fourth"]
            assert sm.sessions("alice@localhost")[0].attached

    node.run(body)


def test_when_nobody_comes_back_messages_go_to_the_store_with_their_time() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("unread"))
            await alice.expect("unread")
            when = server.clock.now()
            alice.drop()
            await detached()
            bob.send(message("later"))
            await server.clock.advance(601)
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, id_, 0)
            await alice.expect("<failed [^>]*><item-not-found [^>]*/></failed>")
            alice.send(BIND)
            await alice.expect("<jid>alice@localhost/")
            alice.send("<presence/>")
            got = await alice.expect("unread.*later.*?</message>")
            assert f"stamp='{when:%Y-%m-%dT%H:%M}" in got

    node.run(body)
