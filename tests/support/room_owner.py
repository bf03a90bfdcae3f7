"""room_owner — on the wire, somebody who has made a room, opened it, and listens.

owner = RoomOwner(wire, "den@conference.localhost")
owner.until(lambda element: local(element) == "message")
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from tests.support.wire import CLIENT, Wire, local
from xmpp_core import ns


class RoomOwner:
    """In a room under the nick "owner"."""

    def __init__(self, wire: Wire, room: str) -> None:
        self.wire, self.room = wire, room
        wire.send(f"<presence to='{room}/owner'><x xmlns='{ns.MUC}'/></presence>")
        self.until(lambda one: local(one) == "message" and one.find(f"{{{CLIENT}}}subject") is not None)
        form = f"<x xmlns='{ns.DATA_FORMS}' type='submit'/>"
        wire.send(f"<iq type='set' id='open' to='{room}'><query xmlns='{ns.MUC_OWNER}'>{form}</query></iq>")
        self.until(lambda one: one.get("id") == "open")

    def until(self, wanted: Callable[[Element], bool]) -> Element:
        """The next that is wanted; what comes before is passed over."""
        while not wanted(one := self.wire.next()):
            pass
        return one

    def say(self, text: str) -> None:
        """To all."""
        self.wire.send(f"<message to='{self.room}' type='groupchat'><body>{text}</body></message>")
