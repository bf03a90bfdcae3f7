"""Requests and who answers them."""

from __future__ import annotations

import pytest

from otp.erts.exits import CallError
from tests.support.core_server import CoreServer, config_of, play
from xmpp_core import parser, stanza
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.stanza import Iq
from xmppd.routing import handler_table, iq
from xmppd.routing.iq import LOCAL, SM
from xmppd.store.backend import StoreError


def request(type_: str = "get", name: str = "q") -> Iq:
    head = f"<iq xmlns='jabber:client' type='{type_}' id='1' to='localhost' from='r@localhost/x'>"
    made = stanza.from_element(parser.parse_document(f"{head}<{name} xmlns='urn:x'/></iq>"))
    assert isinstance(made, Iq)
    return made


async def serve(handler: iq.Handler, name: str = "q") -> None:
    entry = iq.entry("localhost", "urn:x", name, LOCAL, handler, "test")
    await handler_table.register(iq.TABLE, "test", (entry,))


@pytest.mark.parametrize(
    ("failure", "condition", "type_"),
    [
        (StanzaError("forbidden"), "forbidden", "auth"),
        (StoreError("full"), "resource-constraint", "wait"),
        (CallError("noproc", "mod_x", "ask"), "resource-constraint", "wait"),
        (ZeroDivisionError("a bug"), "internal-server-error", "cancel"),
        (StreamError("policy-violation"), "internal-server-error", "cancel"),
    ],
)
def test_failures_that_are_answered(failure: Exception, condition: str, type_: str) -> None:
    async def body(core: CoreServer) -> None:
        def fail(_: Iq) -> None:
            raise failure

        await serve(fail)
        answer = await iq.process(request(), LOCAL)
        assert answer is not None
        assert (answer.stanza_error().condition, answer.stanza_error().type_) == (condition, type_)

    play(body, config_of(()))


def test_results_and_the_unknown() -> None:
    async def body(core: CoreServer) -> None:
        await serve(lambda asked: asked.result(), name="")
        assert await iq.process(request("result"), LOCAL) is None
        assert (await iq.process(request(name="anything"), LOCAL)).type == "result"  # type: ignore[union-attr]
        assert "<service-unavailable " in (await iq.process(request(), SM)).to_xml()  # type: ignore[union-attr]

    play(body, config_of(()))


def test_features_are_announced_while_their_owner_is_there() -> None:
    async def body(core: CoreServer) -> None:
        entries = tuple(
            [iq.announcement("localhost", at, name, "o") for at, name in ((LOCAL, "b"), (LOCAL, "a"), (SM, "c"))]
        )
        await handler_table.register(iq.TABLE, "o", entries)
        made_of = iq.announced("localhost", LOCAL)
        assert iq.features("localhost", LOCAL) == ["a", "b"]
        assert iq.features("localhost", SM) == ["c"]
        assert iq.features("example.org", LOCAL) == []
        twice = iq.announcement("localhost", SM, "c", "p")
        await handler_table.register(iq.TABLE, "p", (twice,))
        assert iq.features("localhost", SM) == ["c"]
        assert iq.announced("localhost", LOCAL) is made_of, "nothing has changed there"
        await handler_table.register(iq.TABLE, "o", ())
        assert iq.features("localhost", SM) == ["c"]
        assert iq.features("localhost", LOCAL) == []

    play(body, config_of(()))
