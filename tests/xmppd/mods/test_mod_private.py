"""Private storage."""

from tests.support.core_server import CoreServer, play
from xmppd.mods.mod_private import PrivateXml
from xmppd.store import store

QUERY = "<query xmlns='jabber:iq:private'>{}</query>"


def test_kept_for_the_owner_alone() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await core.account("juliet@localhost")
        empty = QUERY.format("<s xmlns='notes'/>")
        full = QUERY.format("<s xmlns='notes'><n>1</n></s>")
        assert empty in await romeo.ask(f"<iq type='get' id='1'>{empty}</iq>")
        assert "type='result'" in await romeo.ask(f"<iq type='set' id='2'>{full}</iq>")
        assert full in await romeo.ask(f"<iq type='get' id='3'>{empty}</iq>")
        for kind in ("get", "set"):
            answer = await romeo.ask(f"<iq type='{kind}' id='4' to='juliet@localhost'>{full}</iq>")
            assert "<service-unavailable " in answer
        assert "<not-acceptable " in await romeo.ask(f"<iq type='get' id='5'>{QUERY.format('')}</iq>")

    play(body)


def test_it_is_bounded() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        many = "".join(f"<s xmlns='notes:{i}'/>" for i in range(101))
        assert "<resource-constraint " in await romeo.ask(f"<iq type='set' id='1'>{QUERY.format(many)}</iq>")
        large = f"<s xmlns='notes'>{'x' * 131072}</s>"
        assert "<not-acceptable " in await romeo.ask(f"<iq type='set' id='2'>{QUERY.format(large)}</iq>")

    play(body)


def test_one_get_holds_one_element() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        one, two = "<t xmlns='notes'/>", "<s xmlns='notes'/><t xmlns='notes'/>"
        await romeo.ask(f"<iq type='set' id='1'>{QUERY.format(two)}</iq>")
        for many in (one * 2, two, one * 4000):
            assert "<not-acceptable " in await romeo.ask(f"<iq type='get' id='2'>{QUERY.format(many)}</iq>")
        assert one in await romeo.ask(f"<iq type='get' id='3'>{QUERY.format(one)}</iq>")

    play(body)


def test_the_bound_is_in_octets_as_it_is_stored_and_what_is_stored_is_sent_as_it_is() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for text in ("\N{EURO SIGN}" * 50_000, ">" * 40_000):
            query = QUERY.format(f"<s xmlns='notes'>{text}</s>")
            assert "<not-acceptable " in await romeo.ask(f"<iq type='set' id='1'>{query}</iq>")
        large = f"<s xmlns='notes'>{'<b/>' * 6000}{'&gt;' * 100_000}</s>"
        await store.transaction(lambda tx: tx.write(PrivateXml("localhost", "romeo", "notes", "s", large)))
        wanted = QUERY.format("<s xmlns='notes'/>")
        assert QUERY.format(large) in await romeo.ask(f"<iq type='get' id='2'>{wanted}</iq>")

    play(body)
