"""Cards."""

from tests.support.core_server import Client, CoreServer, play
from xmppd.mods.mod_vcard import Vcard
from xmppd.store import store

CARD = "<vCard xmlns='vcard-temp'><FN>Romeo &amp; Co</FN></vCard>"


async def get(client: Client, to: str = "") -> str:
    where = f" to='{to}'" if to else ""
    return await client.ask(f"<iq type='get' id='v'{where}><vCard xmlns='vcard-temp'/></iq>")


def test_written_by_the_user_read_by_all_also_while_away() -> None:
    async def body(core: CoreServer) -> None:
        romeo, paris = await core.login("romeo@localhost/r"), await core.login("paris@localhost/p")
        assert "<vCard xmlns='vcard-temp'/>" in await get(romeo)
        assert "<service-unavailable " in await get(paris, "romeo@localhost")
        assert "type='result'" in await romeo.ask(f"<iq type='set' id='s'>{CARD}</iq>")
        await romeo.close()
        answer = await get(paris, "romeo@localhost")
        assert CARD in answer
        assert "from='romeo@localhost'" in answer
        assert "<forbidden " in await paris.ask(f"<iq type='set' id='s' to='romeo@localhost'>{CARD}</iq>")
        assert "<service-unavailable " in await get(paris, "nobody@localhost")

    play(body)


def test_a_card_is_bounded_in_octets_as_it_is_stored() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for text in ("\N{EURO SIGN}" * 50_000, ">" * 40_000):
            large = CARD.replace("Romeo", text)
            assert "<not-acceptable " in await romeo.ask(f"<iq type='set' id='s'>{large}</iq>")
        small = CARD.replace("Romeo", "\N{EURO SIGN}" * 40_000)
        assert "type='result'" in await romeo.ask(f"<iq type='set' id='s'>{small}</iq>")
        assert small in await get(romeo)

    play(body)


def test_a_card_that_was_stored_under_another_limit_is_sent_as_it_is() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        large = CARD.replace("Romeo", "<B/>" * 6000 + "&gt;" * 100_000)
        await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", large)))
        assert large in await get(romeo)

    play(body)
