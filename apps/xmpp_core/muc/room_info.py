"""room_info — what a room says of itself to whoever asks, in the room or not.

Way:      mod_muc (disco) → room_server → [room_info]
XEP:      0045 §6.4 (features, and the form muc#roominfo), §16.3, §16.5.4; 0128
Differs:  announced is what this room does: its archive only where it has one, its password never
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.muc.room import ChatRoom

FORM_TYPE: Final = f"{ns.MUC}#roominfo"


def identity(room: ChatRoom) -> Element:
    """<identity/>, with the room's name."""
    name = room.config.name or room.jid.local
    return el("identity", ns.DISCO_INFO, {"category": "conference", "type": "text", "name": name})


def features(room: ChatRoom) -> tuple[str, ...]:
    """What follows from the configuration. §16.3"""
    config = room.config
    named = (
        "muc_public" if config.public else "muc_hidden",
        "muc_membersonly" if config.members_only else "muc_open",
        "muc_persistent" if config.persistent else "muc_temporary",
        "muc_nonanonymous" if config.non_anonymous else "muc_semianonymous",
        "muc_moderated" if config.moderated else "muc_unmoderated",
        "muc_passwordprotected" if config.password else "muc_unsecured",
    )
    archive = (ns.MAM, f"{ns.MAM}#extended") if config.archive else ()
    return (*named, *archive)


def form(room: ChatRoom) -> Element:
    """The form muc#roominfo."""
    config = room.config
    subject = room.subject.message.child_text("subject") if room.subject is not None else None
    rows = [
        Field("FORM_TYPE", (FORM_TYPE,), "hidden"),
        _text("muc#roominfo_description", config.description, "Description"),
        _text("muc#roominfo_subject", subject or "", "Subject"),
        _text("muc#roominfo_occupants", str(len(room.occupants)), "Number of occupants"),
        _text("muc#roominfo_lang", config.language, "Language"),
        Field(
            "muc#roomconfig_changesubject", (_yes(config.change_subject),), "boolean", "Participants set the subject"
        ),
        Field("muc#roomconfig_allowinvites", (_yes(config.allow_invites),), "boolean", "Members may invite"),
        Field("muc#roomconfig_allowpm", (config.allowpm,), "list-single", "Who may send private messages"),
        _text("muc#maxhistoryfetch", str(config.history), "Messages shown to who joins"),
    ]
    if config.slow_mode:
        rows.append(_text("muc#roominfo_slow_mode_duration", str(config.slow_mode), "Seconds between two messages"))
    if room.pictures:
        rows.append(Field("muc#roominfo_avatarhash", room.pictures, "text-multi", "Hashes of the picture"))
    if config.non_anonymous:  # all see addresses there
        rows.append(Field("muc#roominfo_contactjid", tuple(room.owners()), "jid-multi", "Owners"))
    return Form("result", tuple([row for row in rows if any(row.values)])).to_element()


def _text(var: str, value: str, label: str) -> Field:
    return Field(var, (value,) if value else (), "text-single", label)


def _yes(value: bool) -> str:
    return "1" if value else "0"
