"""RFC 6121 section 8 between real sessions (the rules themselves: tests of xmpp_core.delivery)."""

from __future__ import annotations

from tests.support.court import Court, play


def bodies(texts: list[str]) -> list[str]:
    return [t.split("<body>")[1].split("</body>")[0] for t in texts if "<body>" in t]


async def say(client: object, to: str, text: str, type_: str = "chat") -> None:
    await client.send(f"<message to='{to}' type='{type_}' id='{text}'><body>{text}</body></message>")  # type: ignore[attr-defined]


def test_messages_go_to_the_named_resource_or_to_the_highest_priority() -> None:
    async def body(court: Court) -> None:
        romeo = await court.login("romeo@localhost/r")
        high = await court.login("juliet@localhost/high", "<presence><priority>9</priority></presence>")
        low = await court.login("juliet@localhost/low")
        never = await court.login("juliet@localhost/never", "<presence><priority>-1</priority></presence>")
        await court.settle()
        for client in (high, low, never):
            client.take()
        await say(romeo, "juliet@localhost", "bare")
        await say(romeo, "juliet@localhost/never", "full")
        await say(romeo, "juliet@localhost/gone", "gone")
        await say(romeo, "juliet@localhost", "news", "headline")
        await court.settle()
        assert bodies(high.take()) == ["bare", "gone", "news"]
        assert bodies(low.take()) == ["news"]
        assert bodies(never.take()) == ["full"]
        assert romeo.take() == []

    play(body)


def test_what_nobody_can_take_comes_back() -> None:
    async def body(court: Court) -> None:
        romeo = await court.login("romeo@localhost/r")
        await court.login("juliet@localhost/j")
        await say(romeo, "juliet@localhost", "x", "groupchat")
        await say(romeo, "nobody@localhost", "y")
        await say(romeo, "nobody@localhost", "z", "error")
        await court.settle()
        got = romeo.take()
        assert len(got) == 2
        assert all("type='error'" in t and "<service-unavailable " in t for t in got)

    play(body)


def test_requests_to_others() -> None:
    async def body(court: Court) -> None:
        romeo, juliet = await court.login("romeo@localhost/r"), await court.login("juliet@localhost/j")
        await romeo.send("<iq type='get' id='1' to='juliet@localhost/j'><q xmlns='x'/></iq>")
        await court.settle()
        (request,) = juliet.take()
        assert request == "<iq type='get' id='1' to='juliet@localhost/j' from='romeo@localhost/r'><q xmlns='x'/></iq>"
        for to in ("juliet@localhost", "juliet@localhost/gone", "nobody@localhost", "localhost"):
            answer = await romeo.ask(f"<iq type='get' id='2' to='{to}'><q xmlns='x'/></iq>")
            assert "<service-unavailable " in answer
        await romeo.send("<iq type='result' id='3' to='juliet@localhost/gone'/>")
        await court.settle()
        assert romeo.take() == [], "an answer to nobody ends there"

    play(body)


def test_to_another_domain() -> None:
    async def body(court: Court) -> None:
        romeo = await court.login("romeo@localhost/r")
        await say(romeo, "x@elsewhere.example", "x")
        assert "<remote-server-not-found " in romeo.take()[0]

    play(body)
