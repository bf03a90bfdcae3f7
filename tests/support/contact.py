"""contact — a contact beyond the server: played by hand through an external component.

with a user's client `romeo` and a connected `service`:
juliet = Contact(service, romeo, "juliet")
romeo.send(juliet.presence_to("subscribe"))     # what the user sends to the contact
juliet.send("subscribed")                       # what the contact sends to the user
shown, heard = juliet.settle()                  # what the user's client got; what reached the contact
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from tests.support.wire import ROSTER, Component, Wire, is_mark, local, mark_to

#: the nine states as (out axis, in axis)
STATES: dict[str, tuple[str, str]] = {
    "None": ("-", "-"),
    "None+PO": ("ask", "-"),
    "None+PI": ("-", "pend"),
    "None+PO+PI": ("ask", "pend"),
    "To": ("to", "-"),
    "To+PI": ("to", "pend"),
    "From": ("-", "from"),
    "From+PO": ("ask", "from"),
    "Both": ("to", "from"),
}
SUBSCRIPTION = {(False, False): "none", (True, False): "to", (False, True): "from", (True, True): "both"}


@dataclass
class Contact:
    """One contact at a component, and one client of a user."""

    service: Component
    client: Wire
    name: str = "contact"

    @property
    def jid(self) -> str:
        """The contact's bare JID."""
        return f"{self.name}@{self.service.domain}"

    def presence_to(self, type_: str, inner: str = "") -> str:
        """The user's presence to the contact."""
        return f"<presence to='{self.jid}' type='{type_}'>{inner}</presence>"

    def send(self, type_: str = "", resource: str = "", inner: str = "", to: str = "") -> None:
        """The contact's presence to the user."""
        from_ = f"{self.jid}/{resource}" if resource else self.jid
        kind = f" type='{type_}'" if type_ else ""
        self.service.send(f"<presence from='{from_}' to='{to or self.client.bare}'{kind}>{inner}</presence>")

    def settle(self) -> tuple[list[Element], list[Element]]:
        """Everything under way has arrived: what the client got, what the contact got since the last time."""
        before = self._heard(mark_to(self.client, self.jid))
        shown = self.client.until_mark(self.service, own=self.jid)
        return shown, before + self.heard()

    def heard(self) -> list[Element]:
        """What reached the contact, up to a mark that the client sends now."""
        return self._heard(mark_to(self.client, self.jid))

    def _heard(self, mark: str) -> list[Element]:
        found = []
        while not is_mark(got := self.service.next(), mark):
            if (got.get("to") or "").partition("/")[0] == self.jid:
                found.append(got)
        return found

    def reach(self, state: str) -> None:
        """From None to one of the nine states, by stanzas that a client and a contact may send."""
        out, in_ = STATES[state]
        if out != "-":
            self.client.send(self.presence_to("subscribe"))
            self.settle()
        if out == "to":
            self.send("subscribed")
            self.settle()
        if in_ != "-":
            self.send("subscribe")
            self.settle()
        if in_ == "from":
            self.client.send(self.presence_to("subscribed"))
            self.settle()


def item_of(state: str, approved: bool = False) -> dict[str, str]:
    """The roster item's attributes that a state shows, without `jid`."""
    out, in_ = STATES[state]
    item = {"subscription": SUBSCRIPTION[out == "to", in_ == "from"]}
    if out == "ask":
        item["ask"] = "subscribe"
    if approved:
        item["approved"] = "true"
    return item


def pushed(push: Element) -> dict[str, str]:
    """The item of a roster push, `jid` included. Fails if it is none."""
    assert (local(push), push.get("type")) == ("iq", "set"), push.attrib
    items = push.findall(f"./{{{ROSTER}}}query/{{{ROSTER}}}item")
    assert len(items) == 1
    return dict(items[0].attrib)


def is_push(element: Element) -> bool:
    """Whether this is a roster push."""
    return local(element) == "iq" and element.get("type") == "set" and element.find(f"{{{ROSTER}}}query") is not None
