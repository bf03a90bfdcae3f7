"""room_history — the last messages of a room for who enters, as far as it asks for them, and the subject.

Way:      entering → [room_history] → RoomDraft.tell
XEP:      0045 §7.2.13 to §7.2.15; 0203 (when it was said)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from xmpp_core import ns, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.muc.room import ChatRoom, Said
from xmpp_core.stanza import Message


def asked(room: ChatRoom, joins: Element | None, now: float) -> list[Message]:
    """The messages that who enters is shown: all that the room has, or fewer if its <history/> says so.

    Raises StanzaError bad-request for a number or a time that is none.
    """
    wanted = joins.child("history") if joins is not None else None
    found: Sequence[Said] = room.history
    if wanted is not None:
        found = _recent(found, wanted, now)
        number = _number(wanted, "maxstanzas")
        if number is not None:
            found = found[len(found) - number :] if number < len(found) else found
        room_left = _number(wanted, "maxchars")
        if room_left is not None:
            found = _within(room, found, room_left)
    return [delayed(room, one) for one in found]


def _recent(found: Sequence[Said], wanted: Element, now: float) -> Sequence[Said]:
    seconds, since = _number(wanted, "seconds"), wanted.get("since")
    first = 0.0 if seconds is None else now - seconds
    if since is not None:
        try:
            first = max(first, stamp.parse_datetime(since).timestamp())
        except (ValueError, OverflowError):
            raise StanzaError("bad-request", "since is a date and time") from None
    return [one for one in found if one.at >= first]


def _within(room: ChatRoom, found: Sequence[Said], chars: int) -> Sequence[Said]:
    """The last ones that have no more characters together, with all that belongs to a stanza. §7.2.14"""
    kept: list[Said] = []
    for one in reversed(found):
        chars -= len(delayed(room, one).to_xml())
        if chars < 0:
            break
        kept.insert(0, one)
    return kept


def _number(wanted: Element, name: str) -> int | None:
    text = wanted.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise StanzaError("bad-request", f"{name} is a number")
    return int(text)


def delayed(room: ChatRoom, said: Said) -> Message:
    """A message as it is shown later: with the time at which the room got it."""
    when = datetime.fromtimestamp(said.at, UTC)
    mark = stamp.delay(room.jid.bare, when)
    el_ = said.message
    sender = room.occupant_jid(said.nick) if said.nick else room.jid
    return Message(Element(el_.ns, el_.name, el_.attrs, [*el_.children, mark]), sender)


def subject(room: ChatRoom) -> Message:
    """The subject: always, an empty one if there is none. §7.2.15"""
    if room.subject is not None:
        return delayed(room, room.subject)
    attrs = {"type": "groupchat", "from": room.jid.full}
    return Message(Element(ns.CLIENT, "message", attrs, [el("subject", ns.CLIENT)]), room.jid)
