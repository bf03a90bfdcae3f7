"""To the server itself."""

from tests.support.core_server import CoreServer, config_of, play


def test_requests_are_answered_messages_refused_the_rest_let_go() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        assert "type='result'" in await romeo.ask(
            "<iq type='get' id='1' to='localhost/any'><ping xmlns='urn:xmpp:ping'/></iq>"
        )
        await romeo.send("<message to='localhost' id='m'><body>hello?</body></message>")
        await core.settle()
        (answer,) = romeo.take()
        assert "id='m'" in answer
        assert "<service-unavailable " in answer
        await romeo.send("<message to='localhost' type='headline'><body>news</body></message>")
        await romeo.send("<presence to='localhost'/>")
        await romeo.send("<iq to='localhost' type='result' id='2'/>")
        await core.settle()
        assert romeo.take() == []

    play(body, config_of(("mod_ping",)))
