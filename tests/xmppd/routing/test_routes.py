"""Each kind of domain has its kind of route."""

from __future__ import annotations

from otp.erts import process
from tests.support.core_server import CoreServer, config_of, play
from xmppd.routing import router
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
