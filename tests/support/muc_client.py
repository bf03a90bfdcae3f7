"""muc_client — clients of the in-process server in a room.

den = ChatRoom(server, "den")
ann, bob = den.members("ann", "bob")          # made by the first, open, both inside
den.say(ann, "hello")
bob.expect("hello")
"""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.support.muc_room import submit
from xmpp_core import ns
from xmpp_core.element import Element

_IDS = count(1)
SUBJECT = "<subject ?/>.*?</message>|<subject>.*?</subject>.*?</message>"


class RoomOnTheWire:
    """A room of a server, by its name."""

    def __init__(self, server: Any, name: str, domain: str = "conference.localhost") -> None:
        self.server, self.jid = server, f"{name}@{domain}"

    def member(self, user: str, nick: str = "", **join: str) -> Any:
        """A client that is in the room, under the name of its account."""
        client = self.server.client(user)
        client.send("<presence/>")
        self.join(client, nick or user, **join)
        return client

    def members(self, *users: str, **fields: Any) -> list[Any]:
        """All are in the room; the first has made it, with these fields of its form."""
        first = self.member(users[0])
        assert self.configure(first, **fields).get("type") == "result"
        return [first, *[self.member(user) for user in users[1:]]]

    def join(self, client: Any, nick: str, inside: str = "", wait: str = SUBJECT) -> str:
        """Enters; what it gets until the subject has come."""
        mark = client.inner.mark
        client.send(f"<presence to='{self.jid}/{nick}'><x xmlns='{ns.MUC}'>{inside}</x></presence>")
        client.expect(wait)
        return str(client.seen[mark:])

    def leave(self, client: Any, nick: str) -> None:
        client.send(f"<presence to='{self.jid}/{nick}' type='unavailable'/>")
        client.expect(f"<presence from='{self.jid}/{nick}' type='unavailable'.*?</presence>")

    def configure(self, client: Any, **fields: Any) -> Element:
        return self.ask(client, "set", f"<query xmlns='{ns.MUC_OWNER}'>{submit(fields)}</query>")

    def admin(self, client: Any, items: str, type_: str = "set") -> Element:
        return self.ask(client, type_, f"<query xmlns='{ns.MUC_ADMIN}'>{items}</query>")

    def ask(self, client: Any, type_: str, payload: str, nick: str = "") -> Element:
        to = f"{self.jid}/{nick}" if nick else self.jid
        answer: Element = client.ask(f"<iq type='{type_}' id='r{next(_IDS)}' to='{to}'>{payload}</iq>")
        return answer

    def say(self, client: Any, text: str, inside: str = "") -> None:
        client.send(
            f"<message to='{self.jid}' type='groupchat' id='{text}'><body>{text}</body>{inside}</message>"
        )  # fmt: skip

    def info(self, client: Any, node: str = "") -> Element:
        named = f" node='{node}'" if node else ""
        return self.ask(client, "get", f"<query xmlns='{ns.DISCO_INFO}'{named}/>")

    def archive(self, client: Any, inside: str = "", type_: str = "set") -> Element:
        return self.ask(client, type_, f"<query xmlns='{ns.MAM}'>{inside}</query>")


def condition(answer: Element) -> str:
    """Of an error, "" if it is none."""
    error = answer.child("error")
    return next((one.name for one in error.elements(ns=ns.STANZAS) if one.name != "text"), "") if error else ""
