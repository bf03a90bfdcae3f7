"""The receivers' supervisor."""

import socket

from otp.erts import process
from otp.erts.scheduler import THIS
from otp.stdlib import supervisor
from tests.support import node
from xmppd.net import receiver_sup, shaper
from xmppd.net.receiver import Inbound
from xmppd.net.receiver_sup import ReceiverSup
from xmppd.net.transport import Flusher, Transport
from xmppd.net.xml_stream import XmlStream


def test_a_receiver_that_dies_is_not_started_again() -> None:
    async def body() -> None:
        sup = await supervisor.start_link(ReceiverSup, name=receiver_sup.NAME)
        assert sup is not None
        ours, _theirs = socket.socketpair()
        transport = Transport(THIS.loop, Flusher(THIS.loop), "", 1 << 20)
        inbound = Inbound(transport, ours, XmlStream(), shaper.new(None, 0), None)
        pid = await supervisor.start_child(sup, (inbound,))
        assert pid is not None
        process.exit_(pid, "kill")
        await node.until(lambda: not process.is_alive(pid))
        assert await supervisor.which_children(sup) == []
        assert process.is_alive(sup)

    node.run(body)
