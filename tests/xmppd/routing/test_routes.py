"""Each kind of domain has its kind of route."""

from __future__ import annotations

from otp.erts import process
from tests.support.core_server import CoreServer, config_of, play
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.routing import router
from xmppd.routing.deliver import Deliver
from xmppd.routing.routes import Fallback, HostRoute, ProcessRoute, ServiceRoute


def test_a_route_says_who_answers() -> None:
    async def body(core: CoreServer) -> None:
        rooms = ServiceRoute("rooms.localhost", "localhost", "mod_x@localhost")
        await router.register_service("mod_x@localhost", rooms)
        assert await router.register_route("echo.localhost", process.self_())
        assert router.route_of("localhost") == HostRoute("localhost")
        assert router.route_of("rooms.localhost") == rooms
        assert router.route_of("echo.localhost") == ProcessRoute("echo.localhost")
        assert router.route_of("else.example") == Fallback("else.example")
        assert router.hosts() == ["localhost"]
        assert router.services_of("localhost") == ["rooms.localhost"]
        assert router.domains() == ["echo.localhost"]

    play(body, config_of(()))


def test_a_process_may_take_what_is_nobodys() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        message = make_message(JID.parse("juliet@else.example"), "hi", type_="chat", from_=romeo.jid)
        assert await router.register_route(router.NOBODYS, process.self_())
        await router.route(message)
        assert await process.receive(lambda m: isinstance(m, Deliver)) == Deliver(message)
        assert router.domains() == [], "it is no domain that anybody is told of"
        await router.unregister_route(router.NOBODYS, process.self_())
        await router.route(message)
        await core.settle()
        assert "<remote-server-not-found " in romeo.take()[0]

    play(body, config_of(()))
