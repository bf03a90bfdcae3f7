"""Stanzas for the service domain of a module: what its handlers get, and what is answered where it has none."""

from __future__ import annotations

import pytest

from otp.erts import process
from tests.support.core_server import Client, CoreServer, config_of, crash, play
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Stanza
from xmppd.routing import handler_table, iq, router
from xmppd.routing.router import Taken
from xmppd.routing.routes import Fallback, HostRoute, ServiceRoute, StanzaHandler

OWNER = "mod_x@localhost"
PING = "<iq type='get' id='p' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>"


async def serve(core: CoreServer, handler: StanzaHandler | None) -> Client:
    await router.register_service(OWNER, ServiceRoute("rooms.localhost", "localhost", OWNER, handler))
    return await core.login("romeo@localhost/r")


def test_what_no_iq_handler_answers_is_for_the_stanza_handler() -> None:
    got: list[str] = []

    def handler(stanza: Stanza) -> None:
        got.append(f"{stanza.kind} {stanza.type} to {stanza.to}")

    async def body(core: CoreServer) -> None:
        romeo = await serve(core, handler)
        await romeo.send("<message to='rooms.localhost' type='chat'><body>a</body></message>")
        await romeo.send("<presence to='den@rooms.localhost/nick'/>")
        await romeo.send(PING.format("den@rooms.localhost/nick"))
        await romeo.send("<iq type='result' id='q' to='den@rooms.localhost'/>")
        assert got == [
            "message chat to rooms.localhost",
            "presence  to den@rooms.localhost/nick",
            "iq get to den@rooms.localhost/nick",
            "iq result to den@rooms.localhost",
        ]
        assert romeo.take() == []

    play(body, config_of(("mod_presence",)))


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("<message type='chat' to='rooms.localhost'><body>a</body></message>", "<service-unavailable "),
        ("<message type='headline' to='rooms.localhost'><body>a</body></message>", ""),
        ("<message type='error' to='rooms.localhost'><body>a</body></message>", ""),
        ("<presence to='rooms.localhost'/>", ""),
        (PING.format("den@rooms.localhost/nick"), "<service-unavailable "),
        (PING.format("den@rooms.localhost"), "<service-unavailable "),
    ],
)
def test_a_service_without_handlers_says_so(sent: str, answer: str) -> None:
    async def body(core: CoreServer) -> None:
        romeo = await serve(core, None)
        await romeo.send(sent)
        await core.settle()
        assert [answer in one for one in romeo.take()] == ([True] if answer else [])

    play(body, config_of(("mod_presence",)))


def test_what_a_handler_raises_comes_back_to_the_sender() -> None:
    async def refuse(stanza: Stanza) -> Stanza | None:
        raise StanzaError("forbidden") if stanza.kind == "message" else RuntimeError("a bug")

    async def body(core: CoreServer) -> None:
        romeo = await serve(core, refuse)
        await romeo.send("<message type='chat' to='rooms.localhost'/>")
        await romeo.send("<presence to='den@rooms.localhost/nick'/>")
        await core.settle()
        one, two = romeo.take()
        assert "from='rooms.localhost'" in one
        assert "<forbidden " in one
        assert "from='den@rooms.localhost/nick'" in two
        assert "<internal-server-error " in two

    play(body, config_of(("mod_presence",)))


def test_what_a_handler_returns_is_the_answer() -> None:
    def echo(stanza: Stanza) -> Stanza:
        return stanza.addressed(to=stanza.from_, from_=stanza.to)

    async def body(core: CoreServer) -> None:
        romeo = await serve(core, echo)
        await romeo.send("<message type='chat' to='rooms.localhost'><body>a</body></message>")
        await core.settle()
        (answer,) = romeo.take()
        assert "from='rooms.localhost'" in answer
        assert "<body>a</body>" in answer

    play(body, config_of(()))


def test_the_service_answers_before_the_host_does_it_for_all_services() -> None:
    def by(name: str) -> iq.Handler:
        def handler(request: Iq) -> Iq:
            assert request.payload is not None
            return request.result(request.payload.with_attrs({"by": name}))

        return handler

    async def body(core: CoreServer) -> None:
        romeo = await serve(core, None)
        await handler_table.register(
            iq.TABLE,
            "mod_y@localhost",
            (
                iq.entry("localhost", "urn:xmpp:ping", "ping", iq.SERVICE, by("host"), "mod_y@localhost"),
                iq.entry("rooms.localhost", "urn:xmpp:ping", "", iq.DOMAIN, by("domain"), "mod_y@localhost"),
            ),
        )
        assert "by='domain'" in await romeo.ask(PING.format("rooms.localhost"))
        assert "by='host'" in await romeo.ask(PING.format("den@rooms.localhost"))
        assert "<service-unavailable " in await romeo.ask(PING.format("localhost"))

    play(body, config_of(()))


def test_one_domain_has_one_owner() -> None:
    async def body(core: CoreServer) -> None:
        rooms = ServiceRoute("rooms.localhost", "localhost", OWNER)
        await router.register_service(OWNER, rooms)
        await router.register_service(OWNER, rooms)
        with pytest.raises(Taken, match="mod_x@localhost has it"):
            await router.register_service("mod_y@localhost", ServiceRoute(rooms.domain, "localhost", "mod_y@localhost"))
        with pytest.raises(Taken, match="a host of ours"):
            await router.register_service(OWNER, ServiceRoute("localhost", "localhost", OWNER))
        assert not await router.register_route("rooms.localhost", process.self_()), "components are refused it"
        assert await router.register_route("echo.localhost", process.self_())
        with pytest.raises(Taken, match="a component has it"):
            await router.register_service(OWNER, ServiceRoute("echo.localhost", "localhost", OWNER))
        assert router.route_of("rooms.localhost") == rooms
        await router.register_service(OWNER, None)
        assert router.route_of("rooms.localhost") == Fallback("rooms.localhost")

    play(body, config_of(()))


def test_hosts_are_served_whatever_happens_to_the_router() -> None:
    async def body(core: CoreServer) -> None:
        await crash("router")
        assert router.route_of("localhost") == HostRoute("localhost")
        romeo = await core.login("romeo@localhost/r")
        await romeo.send("<message type='chat' to='romeo@localhost/r'><body>here</body></message>")
        await core.settle()
        assert "<body>here</body>" in romeo.take()[0]

    play(body, config_of(()))
