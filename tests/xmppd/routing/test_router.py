"""By domain: hosts, processes, nobody."""

from __future__ import annotations

from otp.erts import process
from tests.support.core_server import CoreServer, config_of, crash, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, make_message
from xmppd.routing import router
from xmppd.routing.deliver import Deliver

ECHO = JID.parse("echo.localhost")
ROMEO = JID.parse("romeo@localhost/r")


def message(text: str, to: JID = ECHO, type_: str = "chat") -> Message:
    return make_message(to, text, type_=type_, from_=ROMEO)


def test_a_process_has_a_domain_until_it_ends_whatever_happens_to_the_router() -> None:
    async def body(core: CoreServer) -> None:
        got: list[object] = []

        async def component() -> None:
            while True:
                got.append(await process.receive())

        pid = process.spawn(component)
        assert await router.register_route("echo.localhost", pid)
        assert not await router.register_route("echo.localhost", process.self_()), "taken"
        assert not await router.register_route("localhost", process.self_()), "a host of ours"
        assert await router.register_route("echo.localhost", pid), "twice is once"
        assert router.domains() == ["echo.localhost"]
        await crash("router")
        await router.route(message("hi"))
        await until(lambda: got == [Deliver(message("hi"))])
        process.exit_(pid, "kill")
        await until(lambda: router.domains() == [])
        romeo = await core.login("romeo@localhost/r")
        await router.route(message("gone"))
        await core.settle()
        assert "<remote-server-not-found " in romeo.take()[0]

    play(body, config_of(()))


def test_unregistered_domains_are_free_again() -> None:
    async def body(core: CoreServer) -> None:
        assert await router.register_route("echo.localhost", process.self_())
        await router.unregister_route("echo.localhost", process.self_())
        assert router.domains() == []
        assert router.hosts() == ["localhost", "second.example"]

    play(body, config_of((), ("localhost", "second.example")))


def test_an_error_never_causes_an_error() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for to in ("nobody@localhost", "x.example", "localhost"):
            await router.route(message("x", JID.parse(to), "error"))
        await core.settle()
        assert romeo.take() == []

    play(body)
