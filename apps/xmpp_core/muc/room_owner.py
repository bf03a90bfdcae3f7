"""room_owner — what owners ask for: the form of the configuration, changes of it, and the end of the room.

Way:      room_server → [room_owner] → room_config, RoomDraft
XEP:      0045 §10.1 (a new room), §10.2 (changes, and who is told), §10.9 (destroying)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.muc import entering, muc_presence, room_admin, room_config
from xmpp_core.muc.muc_presence import Why
from xmpp_core.muc.roles import ADMIN, NONE, OWNER, P, Role, RoomAffiliation, default_role, may
from xmpp_core.muc.room import ChatRoom, Occupant, recent
from xmpp_core.muc.room_config import RoomConfig
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq, Message

_NOTHING: Final = Element(ns.CLIENT, "presence")


@dataclass(frozen=True, slots=True)
class RoomEnding:
    """How a room ends: where its occupants may go instead, with which password, and why."""

    jid: str = ""
    password: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)

    def to_element(self) -> Element:
        """<destroy/>."""
        password = el("password", ns.MUC_USER, None, self.password) if self.password else None
        reason = el("reason", ns.MUC_USER, None, self.reason) if self.reason else None
        return el("destroy", ns.MUC_USER, {"jid": self.jid or None}, password, reason)


def handle(draft: RoomDraft, iq: Iq) -> None:
    """A request of the namespace muc#owner. Raises StanzaError."""
    room, query = draft.room, iq.payload
    assert query is not None
    assert iq.from_ is not None
    if not may(room.affiliation(iq.from_), P.CONFIGURE):
        raise StanzaError("forbidden")
    if iq.type == "get":
        draft.answer(iq.result(el("query", ns.MUC_OWNER, None, _validated(form(room).to_element()))))
        return
    destroy, x = query.child("destroy"), query.child("x", ns.DATA_FORMS)
    if destroy is not None:
        end(draft, _ending(destroy))
        draft.answer(iq.result())
    elif x is None:
        raise StanzaError("bad-request", "a form or <destroy/>")
    else:
        _submit(draft, iq, dataforms.parse(x))


def form(room: ChatRoom) -> Form:
    """The form with what is in force."""
    name = room.jid.local
    return room_config.form(
        room.config, f"Configuration of the room {name}", tuple(room.admins()), tuple(room.owners())
    )


def _validated(x: Element) -> Element:
    """With what XEP-0500 §5.1 asks of its field."""
    found = next(one for one in x.elements("field") if one.get("var") == room_config.SLOW_MODE)
    limits = el("range", ns.VALIDATE, {"min": "0", "max": str(room_config.MOST_SLOW)})
    found.add(el("validate", ns.VALIDATE, {"datatype": "xs:integer"}, limits))
    return x


def _ending(destroy: Element) -> RoomEnding:
    jid = destroy.get("jid") or ""
    try:
        jid = JID.parse(jid).full if jid else ""
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None
    texts = [(destroy.child_text(name) or "")[: room_admin.MOST_REASON] for name in ("password", "reason")]
    return RoomEnding(jid, *texts)


def end(draft: RoomDraft, ending: RoomEnding) -> None:
    """The room is no more: each occupant is told once, of itself. §10.9"""
    why = Why(destroy=ending.to_element())
    for occupant in draft.room.occupants.values():
        muc_presence.tell_own(draft, occupant, occupant.jids, said=_NOTHING, gone=True, why=why, affiliation=NONE)
    draft.destroy()


# -- configuration


def _submit(draft: RoomDraft, iq: Iq, answer: Form) -> None:
    """The form comes back. A new room is open from then on, or gone if the owner cancels. §10.1.2, §10.1.3"""
    if answer.type == "cancel":
        if draft.room.locked:
            end(draft, RoomEnding())
        draft.answer(iq.result())
        return
    if answer.type != "submit":
        raise StanzaError("bad-request", "not an answer to the form")
    before = draft.room
    config = room_config.submitted(before.config, answer)
    told = _set_lists(draft, answer)
    draft.change(config=config, locked=False, history=recent(before.history, config.history))
    draft.must_last()
    draft.answer(iq.result())
    _tell_changes(draft, before, told)


def configure(draft: RoomDraft, config: RoomConfig) -> None:
    """The same from an operator."""
    before = draft.room
    draft.change(config=config, locked=False, history=recent(before.history, config.history))
    draft.must_last()
    _tell_changes(draft, before, [])


def _set_lists(draft: RoomDraft, answer: Form) -> list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]]:
    """Admins and owners are those that the form names: the whole lists, where it has them. Who is in neither any more
    loses its affiliation. Raises StanzaError: conflict without an owner, jid-malformed."""
    wanted: dict[str, RoomAffiliation] = {}
    room = draft.room
    for var, affiliation, now in (
        (room_config.ADMINS, ADMIN, room.admins()),
        (room_config.OWNERS, OWNER, room.owners()),
    ):
        item = answer.get(var)
        if item is not None:
            wanted |= dict.fromkeys([bare for bare in now if bare not in wanted], NONE)
            wanted |= dict.fromkeys([_bare(value) for value in item.values if value.strip()], affiliation)
    told = []
    for bare, affiliation in sorted(wanted.items(), key=lambda one: -one[1]):
        user = JID.parse(bare)
        before = room.affiliation(user)
        if before is not affiliation:
            draft.affiliate(bare, affiliation)
            told += room_admin.follow(draft, user, before, affiliation)
    return told


def _bare(text: str) -> str:
    try:
        jid = JID.parse(text.strip())
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None
    if not jid.local:
        raise StanzaError("jid-malformed", "an affiliation is an account's")
    return jid.bare


def _tell_changes(
    draft: RoomDraft, before: ChatRoom, told: list[tuple[Occupant, Occupant | None, Why, RoomAffiliation]]
) -> None:
    """Who is removed by it, whose role is another, and by which codes all know what has changed. §10.2"""
    room = draft.room
    for old, new, why, left in told:
        if new is None:
            room_admin.tell_removed(draft, old, why, left)
        elif new.nick in draft.room.occupants:
            muc_presence.tell_role_change(draft, old, draft.room.occupants[new.nick])
    if room.config.members_only and not before.config.members_only:
        _remove_strangers(draft)
    if room.config.moderated != before.config.moderated:
        _moderate(draft)
    codes = room_config.change_codes(before.config, draft.room.config)
    if codes and not before.locked:
        x = el("x", ns.MUC_USER, None, *[muc_presence.status(code) for code in codes])
        attrs = {"type": "groupchat", "from": room.jid.full}
        draft.tell(Message(Element(ns.CLIENT, "message", attrs, [x]), room.jid), draft.room.seats())
    entering.end_if_empty(draft)


def _remove_strangers(draft: RoomDraft) -> None:
    """The room is for members only now. §10.2, code 322"""
    strangers = [
        one for one in draft.room.occupants.values() if not may(draft.room.affiliation(one.user), P.ENTER_MEMBERS_ONLY)
    ]
    for one in strangers:
        draft.remove(one)
    for one in strangers:
        room_admin.tell_removed(draft, one, Why(codes=(322,)), NONE)


def _moderate(draft: RoomDraft) -> None:
    """Where a room becomes moderated who has no affiliation loses its voice, and gets it where it is moderated no
    more."""
    moderated = draft.room.config.moderated
    for one in list(draft.room.occupants.values()):
        usual = default_role(draft.room.affiliation(one.user), moderated=moderated)
        if one.role is not Role.MODERATOR and one.role is not usual and usual is not Role.NONE:
            muc_presence.tell_role_change(draft, one, draft.set_role(one.nick, usual))
