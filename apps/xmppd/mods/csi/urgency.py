"""urgency — which stanzas a client that nobody looks at can wait for.

Way:      inactive → [urgency]
XEP:      0352 §3.2; 0085 (states of a chat), 0060 §12.8 (events), 0280 §7 (copies), 0045 §7.2.2 (the own presence)

What nobody would miss if it came later or only in its last form: presence, states of a chat that say nothing else,
events of nodes. All else is urgent, also what is not known here: texts, encrypted or not, calls, receipts and markers,
invitations, requests and their answers, subscriptions, errors, what an archive sends.
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Presence, Stanza

#: what a stanza that waits is known by: one that comes later under the same key says all that it says. `()`: nothing
#: that comes replaces it. None: it is urgent
Key = tuple[str, ...] | None
PRESENCE: Final = "presence"
STATE: Final = "state"
EVENT: Final = "event"
#: what says nothing beside the state of a chat
_BESIDE: Final = frozenset({ns.CHATSTATES, ns.HINTS, ns.DELAY, ns.STANZA_ID, ns.OCCUPANT_ID})
_OWN_PRESENCE: Final = "110"


def key_of(stanza: Stanza, owner: JID, kinds: frozenset[str]) -> Key:
    """The key under which a stanza for a client of `owner` (bare) waits, None if it is urgent. Only what is of these
    `kinds` waits; the kind is the first of a key."""
    if isinstance(stanza, Presence):
        return _of_presence(stanza) if PRESENCE in kinds else None
    if not isinstance(stanza, Message):
        return None
    key = _of_message(stanza.el, kinds)
    if key is None and STATE in kinds and stanza.from_ == owner:
        return _of_copy(stanza.el)
    return key


def _of_presence(presence: Presence) -> Key:
    """The last of each address counts. In a room, the own presence says that one has come in, or had to go."""
    if presence.type not in ("", "unavailable"):
        return None
    room = presence.el.child("x", ns.MUC_USER)
    if room is not None and any(one.get("code") == _OWN_PRESENCE for one in room.elements("status", ns.MUC_USER)):
        return None
    return PRESENCE, presence.el.attrs.get("from", "")


def _of_message(message: Element, kinds: frozenset[str]) -> Key:
    type_ = message.attrs.get("type", "normal")
    if type_ == "headline":
        event = message.child("event", ns.PUBSUB_EVENT) if EVENT in kinds else None
        if event is None or message.child("body", ns.CLIENT) is not None:
            return None
        return _of_event(event, message.attrs.get("from", ""))
    if type_ == "error" or STATE not in kinds or not is_state_only(message):
        return None
    return STATE, type_, message.attrs.get("from", ""), message.attrs.get("to", "")


def _of_event(event: Element, from_: str) -> Key:
    """The last of each item counts; one that says no ids, or more than items, stands for itself."""
    children = list(event.elements())
    if len(children) != 1 or children[0].name != "items":
        return ()
    ids = [item.get("id") or "" for item in children[0].elements()]
    if not ids or not all(ids):
        return ()
    return EVENT, from_, children[0].get("node") or "", *ids


def _of_copy(message: Element) -> Key:
    """A copy of what another device has sent or received is as urgent as that. XEP: 0280 §7, §8"""
    for way in ("sent", "received"):
        copy = message.child(way, ns.CARBONS)
        forwarded = copy.child("forwarded", ns.FORWARD) if copy is not None else None
        inner = forwarded.child("message", ns.CLIENT) if forwarded is not None else None
        if inner is not None and inner.attrs.get("type") != "error" and is_state_only(inner):
            return STATE, way, inner.attrs.get("from", ""), inner.attrs.get("to", "")
    return None


def is_state_only(message: Element) -> bool:
    """Whether a message says the state of a chat, and nothing beside."""
    found = False
    for child in message.elements():
        found = found or child.ns == ns.CHATSTATES
        if child.ns not in _BESIDE and not _is_of_frame(child):
            return False
    return found


def _is_of_frame(child: Element) -> bool:
    """Which talk it belongs to: a thread; that it is one with an occupant of a room."""
    if child.ns == ns.CLIENT:
        return child.name == "thread"
    return child.ns == ns.MUC_USER and child.child("invite") is None and child.child("decline") is None
