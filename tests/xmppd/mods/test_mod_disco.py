"""What the server says that it can."""

import re

import pytest

from tests.support.core_server import CoreServer, play
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmppd.routing import hooks, iq, router
from xmppd.routing.hook_points import DiscoIdentitiesHook

INFO = "<iq type='get' id='d' to='{}'><query xmlns='http://jabber.org/protocol/disco#info'{}/></iq>"
ITEMS = "<iq type='get' id='d' to='{}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"


def test_the_server_announces_what_is_answered() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        answer = await romeo.ask(INFO.format("localhost", ""))
        assert "<identity category='server' type='im' name='xmppd'/>" in answer
        features = re.findall(r"var='([^']*)'", answer)
        assert {"urn:xmpp:ping", "jabber:iq:version", "jabber:iq:last", "msgoffline"} <= set(features)
        assert set(iq.features("localhost", iq.LOCAL)) == set(features)
        assert "vcard-temp" in features, "also what is answered in the name of accounts: cards are asked for there"
        assert features == sorted(features)
        assert "<item-not-found " in await romeo.ask(INFO.format("localhost", " node='x'"))

    play(body)


def test_an_account_is_known_to_those_who_may_see_it() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        paris = await core.login("paris@localhost/p")
        await core.friends(romeo, juliet)
        answer = await romeo.ask(INFO.format("juliet@localhost", ""))
        assert "<identity category='account' type='registered'/>" in answer
        assert "<item jid='juliet@localhost/j'/>" in await romeo.ask(ITEMS.format("juliet@localhost"))
        assert "<service-unavailable " in await paris.ask(INFO.format("juliet@localhost", ""))

    play(body)


@pytest.mark.parametrize("node", ["", " node='n1'"])
@pytest.mark.parametrize("whose", ["juliet@localhost", "nobody@localhost"])
def test_strangers_see_no_items_of_anybody(whose: str, node: str) -> None:
    async def body(core: CoreServer) -> None:
        await core.login("juliet@localhost/j")
        paris = await core.login("paris@localhost/p")
        answer = await paris.ask(f"<iq type='get' id='d' to='{whose}'><query xmlns='{ns.DISCO_ITEMS}'{node}/></iq>")
        head = f"<iq type='result' id='d' from='{whose}' to='paris@localhost/p'>"
        assert answer == f"{head}<query xmlns='{ns.DISCO_ITEMS}'{node}/></iq>"

    play(body)


def test_a_node_that_has_an_identity_may_be_empty() -> None:
    async def body(core: CoreServer) -> None:
        async def known(acc: tuple[Element, ...], point: DiscoIdentitiesHook) -> tuple[Element, ...]:
            return (*acc, el("identity", ns.DISCO_INFO)) if point.node == "known" else acc

        await hooks.add("localhost", DiscoIdentitiesHook, known)
        romeo = await core.login("romeo@localhost/r")
        ask = f"<iq type='get' id='d' to='localhost'><query xmlns='{ns.DISCO_ITEMS}' node='{{}}'/></iq>"
        assert "type='result'" in await romeo.ask(ask.format("known"))
        assert "<item-not-found " in await romeo.ask(ask.format("unknown"))

    play(body)


def test_services_of_the_host_are_its_items() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        assert await router.register_route("echo.localhost", romeo.pid)
        assert "<item jid='echo.localhost'/>" in await romeo.ask(ITEMS.format("localhost"))

    play(body)
