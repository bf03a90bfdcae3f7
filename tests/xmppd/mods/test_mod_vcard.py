"""Cards."""

from tests.support.court import Client, Court, play

CARD = "<vCard xmlns='vcard-temp'><FN>Romeo &amp; Co</FN></vCard>"


async def get(client: Client, to: str = "") -> str:
    where = f" to='{to}'" if to else ""
    return await client.ask(f"<iq type='get' id='v'{where}><vCard xmlns='vcard-temp'/></iq>")


def test_written_by_the_user_read_by_all_also_while_away() -> None:
    async def body(court: Court) -> None:
        romeo, paris = await court.login("romeo@localhost/r"), await court.login("paris@localhost/p")
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
