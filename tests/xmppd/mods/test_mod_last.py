"""How long somebody has been away."""

import re

from tests.support.core_server import CoreServer, play

ASK = "<iq type='get' id='l' to='{}'><query xmlns='jabber:iq:last'/></iq>"


def test_for_contacts_for_strangers_and_for_the_server() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        paris = await core.login("paris@localhost/p")
        assert "seconds='0'" in await romeo.ask(ASK.format("juliet@localhost"))
        assert "<forbidden " in await paris.ask(ASK.format("juliet@localhost"))
        assert "seconds='" in await paris.ask(ASK.format("localhost"))
        await juliet.send("<presence type='unavailable'><status>to the tomb</status></presence>")
        await juliet.close()
        assert re.search(r"seconds='\d'>to the tomb</query>", await romeo.ask(ASK.format("juliet@localhost")))

    play(body)


def test_a_set_is_refused() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        answer = await romeo.ask("<iq type='set' id='l'><query xmlns='jabber:iq:last'/></iq>")
        assert "<feature-not-implemented " in answer

    play(body)
