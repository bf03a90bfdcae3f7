"""What a room says goes straight to the sessions of this node; who is not there is named."""

from __future__ import annotations

from tests.support.core_server import CoreServer, play
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.muc import room_delivery
from xmppd.muc.room_delivery import RoomDelivery, ToOccupants
from xmppd.muc.shared_stanza import Shared

FROM = JID.parse("den@rooms.localhost/ann")
SAID = Message(Element(ns.CLIENT, "message", {"from": FROM.full}, [el("body", ns.CLIENT, None, "hi")]), FROM)


def test_sessions_that_are_there_get_it_and_the_others_are_named() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        romeo.take()
        here, gone = JID.parse("romeo@localhost/r"), JID.parse("romeo@localhost/gone")
        assert await room_delivery.tell("localhost", SAID, (here, gone)) == [gone]
        await romeo.settle()
        [got] = romeo.take()
        assert "<body>hi</body>" in got
        assert "to='romeo@localhost/r'" in got

    play(body)


def test_what_comes_from_another_node_is_handed_to_the_sessions_of_this_one() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        romeo.take()
        shared = Shared.of(SAID)
        to = ("romeo@localhost/gone", "romeo@localhost/r")
        told = ToOccupants(shared.kind, shared.head, shared.content, FROM.full, to)
        RoomDelivery().handle_info(told, "localhost")
        await romeo.settle()
        [got] = romeo.take()
        assert "<body>hi</body>" in got
        assert "to='romeo@localhost/r'" in got

    play(body)
