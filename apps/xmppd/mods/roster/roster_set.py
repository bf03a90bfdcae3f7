"""roster_set — what a client asks for in a roster set, checked.

Way:      mod_roster → [roster_set.read]
RFC:      6121 §2.1.2, §2.3.3, §2.5.3: `subscription` other than remove, `ask` and `approved` are not the client's
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError


@dataclass(frozen=True, slots=True)
class RosterSet:
    """A contact (bare JID) to be listed with this name and these groups, or to be removed."""

    contact: JID
    name: str = field(default="", repr=False)
    groups: tuple[str, ...] = field(default=(), repr=False)
    remove: bool = False


def read(query: Element, max_name: int = 1023, max_groups: int = 64) -> RosterSet:
    """The one item of a roster set. Raises StanzaError bad-request, jid-malformed or not-acceptable."""
    found = list(query.elements())
    if len(found) != 1 or found[0].name != "item" or found[0].ns != ns.ROSTER:
        raise StanzaError("bad-request", "a roster set has exactly one item")
    item = found[0]
    contact = _contact(item.get("jid"))
    if item.get("subscription") == "remove":
        return RosterSet(contact, remove=True)
    name = item.get("name") or ""
    if len(name.encode()) > max_name:
        raise StanzaError("not-acceptable", "the name is too long")
    return RosterSet(contact, name, _groups(item, max_name, max_groups))


def _contact(text: str | None) -> JID:
    if not text:
        raise StanzaError("bad-request", "an item has a jid")
    try:
        return JID.parse(text).bare_jid()
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None


def _groups(item: Element, max_name: int, max_groups: int) -> tuple[str, ...]:
    groups = tuple([group.text() for group in item.elements("group", ns.ROSTER)])
    if len(set(groups)) != len(groups):
        raise StanzaError("bad-request", "a group is named twice")
    if len(groups) > max_groups or any(not g or len(g.encode()) > max_name for g in groups):
        raise StanzaError("not-acceptable", "a group has a name of reasonable length")
    return groups
