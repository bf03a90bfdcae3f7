"""Who handles what is no stanza."""

from __future__ import annotations

from tests.support import node
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.routing import handler_table, hooks, nonzas
from xmppd.routing.nonzas import Answer, Nonza, NonzaKey

ROMEO = JID.parse("romeo@localhost")


def test_it_is_found_by_host_namespace_name_and_whether_there_is_a_session() -> None:
    async def body() -> None:
        await hooks.start_link()

        def answer(_nonza: Nonza) -> Answer:
            return el("a", "urn:x")

        kind = NonzaKey("urn:x", "r", after_bind=False)
        await handler_table.register(
            hooks.TABLE, "mod_x@localhost", (nonzas.entry("localhost", kind, answer, "mod_x@localhost"),)
        )
        assert await nonzas.handler_of("localhost", Nonza(el("r", "urn:x"), ROMEO)) is answer
        assert await nonzas.handler_of("localhost", Nonza(el("r", "urn:y"), ROMEO)) is None
        assert await nonzas.handler_of("localhost", Nonza(el("q", "urn:x"), ROMEO)) is None
        assert await nonzas.handler_of("elsewhere.test", Nonza(el("r", "urn:x"), ROMEO)) is None

    node.run(body)
