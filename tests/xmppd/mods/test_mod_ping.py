"""A ping is answered by the server and for one's own account."""

from tests.support.core_server import CoreServer, play


def test_a_ping_to_the_server_and_to_the_own_account() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        ping = "<ping xmlns='urn:xmpp:ping'/>"
        answer = await romeo.ask(f"<iq type='get' id='p1' to='localhost'>{ping}</iq>")
        assert answer == "<iq type='result' id='p1' from='localhost' to='romeo@localhost/orchard'/>"
        assert "type='result'" in await romeo.ask(f"<iq type='get' id='p2'>{ping}</iq>")

    play(body)


def test_a_ping_cannot_be_set() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        answer = await romeo.ask("<iq type='set' id='p1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        assert "type='error'" in answer
        assert "<feature-not-implemented" in answer

    play(body)
