"""The way of a client's own stanzas, and of those for it."""

from __future__ import annotations

from tests.support.core_server import CoreServer, config_of, play
from xmpp_core.stanza import Message, Stanza
from xmppd.routing import hooks
from xmppd.routing.hook_points import UserReceivePacketHook, UserSendPacketHook

NOTE = "<message type='chat'><body>to myself</body></message>"


def test_without_an_address_it_is_for_the_own_account() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await romeo.send(NOTE)
        await core.settle()
        (text,) = romeo.take()
        assert "to='romeo@localhost'" in text

    play(body)


def test_modules_may_change_or_drop_on_both_ways() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")

        def shout(acc: Stanza | None, point: UserSendPacketHook) -> Stanza | None:
            return acc.with_el(acc.el.with_attrs(id="loud")) if isinstance(acc, Message) else acc

        await hooks.add("localhost", UserSendPacketHook, shout)
        await romeo.send(NOTE)
        await core.settle()
        assert "id='loud'" in romeo.take()[0]
        await hooks.add("localhost", UserReceivePacketHook, lambda acc, point: None)
        await romeo.send(NOTE)
        await core.settle()
        assert romeo.take() == []
        await hooks.add("localhost", UserSendPacketHook, lambda acc, point: hooks.Stop(None), 10)
        await romeo.send(NOTE)

    play(body)


def test_an_iq_is_checked() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r", presence=None, roster=False)
        for bad in ("<iq type='get' id='1'/>", "<iq type='set' id='1'><a xmlns='x'/><b xmlns='x'/></iq>"):
            assert "<bad-request " in await romeo.ask(bad)
        await romeo.send("<iq type='result' id='1'/>")
        assert romeo.take() == []

    play(body, config_of(()))
